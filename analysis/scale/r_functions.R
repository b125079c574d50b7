# lavaan 0.7 writes underscores in its arguments where 0.6 has dots.
named <- function(...) {
  arguments <- list(...)
  if (packageVersion("lavaan") >= "0.7")
    names(arguments) <- gsub(".", "_", names(arguments), fixed = TRUE)
  arguments
}

# ---- the comparison with the report ----
results <- NULL
if (file.exists(report)) {
  if (!requireNamespace("jsonlite", quietly = TRUE))
    stop("reading ", report, " needs the package jsonlite: install.packages(\"jsonlite\")")
  results <- jsonlite::fromJSON(report, simplifyVector = FALSE)
}
compared <- list()
skipped <- character()
compare <- function(name, here, there) {
  if (is.null(there)) return(invisible())
  here <- as.numeric(here)[1]
  if (is.na(here)) return(skip(name, "lavaan gives no number"))
  compared[[name]] <<- c(here = here, report = as.numeric(there))
}
skip <- function(name, why) skipped <<- c(skipped, paste0(name, ": ", why))
wanted <- function(section) is.null(results) || !is.null(results[[section]])
usable <- function(name, fit, converged = TRUE) {
  if (!identical(converged, FALSE) && lavInspect(fit, "converged")) return(TRUE)
  skip(name, if (identical(converged, FALSE)) "no convergence in the report" else "no convergence in lavaan")
  FALSE
}

# Where the first solution is improper, the report looks for a proper one from other starts.
has_other_start <- function(name, fit, there) {
  if (!identical(there$inadmissible, "") || suppressWarnings(lavInspect(fit, "post.check"))) return(FALSE)
  if (there$fit$chisq > measures(fit)[["chisq"]] * (1 + tolerance)) return(FALSE)
  skip(name, "lavaan ends at an improper solution; the report has a proper one that fits as well or better")
  TRUE
}

measures <- function(fit) {
  found <- fitMeasures(fit)
  names(found) <- gsub(".", "_", names(found), fixed = TRUE)
  # lavaan 0.7 calls the GFI of Joreskog and Sorbom gfi_lisrel, and another one gfi
  for (name in c("gfi", "agfi")) {
    lisrel <- paste0(name, "_lisrel")
    if (lisrel %in% names(found)) found[name] <- found[[lisrel]]
  }
  found
}
# lavaan 0.7 computes the robust measures of ordinal items in another way than 0.6 and the report.
other_robust <- packageVersion("lavaan") >= "0.7"
compare_fit <- function(name, fit, there) {
  found <- measures(fit)
  if (other_robust && lavInspect(fit, "categorical")) found <- found[!grepl("_robust$", names(found))]
  for (measure in intersect(names(there), names(found)))
    compare(paste(name, measure), found[[measure]], there[[measure]])
}
difference <- function(small, large) {
  test <- lavTestLRT(large, small)
  c(chisq = test[2, "Chisq diff"], df = test[2, "Df diff"], pvalue = test[2, "Pr(>Chisq)"])
}

# ---- statistics by the formulas of the report ----
standardized <- function(fit, ...) {
  found <- standardizedSolution(fit, ...)
  found[found$op == "=~", ]
}
loadings_of <- function(fit, factor) {
  all <- standardized(fit, se = FALSE)
  all$est.std[all$lhs == factor]
}
estimate <- function(fit, lhs, op, rhs) {
  all <- parTable(fit)
  all$est[all$lhs == lhs & all$op == op & all$rhs == rhs]
}
alpha_of <- function(data, items) {
  rows <- na.omit(data[items]); n <- nrow(rows); k <- length(items)
  covariance <- cov(rows); r <- cor(rows)
  alpha <- k / (k - 1) * (1 - sum(diag(covariance)) / sum(covariance))
  mean_r <- (sum(r) - k) / (k * (k - 1))
  c(n = n, alpha = alpha,
    alpha_lower = 1 - (1 - alpha) * qf(.975, n - 1, (n - 1) * (k - 1)),
    alpha_upper = 1 - (1 - alpha) * qf(.025, n - 1, (n - 1) * (k - 1)),
    alpha_standardised = k * mean_r / (1 + (k - 1) * mean_r), mean_correlation = mean_r)
}
alpha_ordinal <- function(data, items) {
  rows <- na.omit(data[items])
  if (max(sapply(data[items], function(x) length(unique(na.omit(x))))) > 10) return(NA)
  r <- unclass(lavCor(rows, ordered = items)); k <- length(items)
  k / (k - 1) * (1 - k / sum(r))
}
# CR and AVE from standardised loadings (Fornell and Larcker); AVE in semTools weights items by their variance.
by_loadings <- function(fit, factor, items) {
  standard <- loadings_of(fit, factor)
  loading <- sapply(items, function(item) estimate(fit, factor, "=~", item))
  residual <- sapply(items, function(item) estimate(fit, item, "~~", item))
  sample <- lavInspect(fit, "sampstat")$cov[items, items]
  true <- sum(loading)^2 * estimate(fit, factor, "~~", factor)
  c(omega = true / (true + sum(residual)), omega_observed = true / sum(sample),
    cr = sum(standard)^2 / (sum(standard)^2 + sum(1 - standard^2)), ave = mean(standard^2))
}
htmt_of <- function(r, factors, mean_of) {
  inside <- sapply(factors, function(items) {
    if (length(items) < 2) return(1)
    within <- abs(r[items, items]); mean_of(within[upper.tri(within)])
  })
  found <- diag(length(factors)); dimnames(found) <- list(names(factors), names(factors))
  for (a in names(factors)) for (b in names(factors)) if (a != b)
    found[a, b] <- mean_of(abs(r[factors[[a]], factors[[b]]])) / sqrt(inside[[a]] * inside[[b]])
  found
}
mardia_of <- function(rows) {
  n <- nrow(rows); p <- ncol(rows)
  centred <- scale(rows, scale = FALSE)
  white <- centred %*% solve(chol(cov(rows)))
  skew <- sum(sapply(seq_len(p), function(j) sum((crossprod(white * white[, j], white) / n)^2)))
  kurtosis <- mean(rowSums(white^2)^2)
  c(skew = skew, skew_chisq = n * skew / 6, kurtosis = kurtosis,
    kurtosis_z = (kurtosis - p * (p + 2)) / sqrt(8 * p * (p + 2) / n))
}
kmo_of <- function(r) {
  partial <- -cov2cor(solve(r)); diag(partial) <- 0; diag(r) <- 0
  c(kmo = sum(r^2) / (sum(r^2) + sum(partial^2)), rowSums(r^2) / (rowSums(r^2) + rowSums(partial^2)))
}

# ---- one section of the report each ----
compare_items <- function(data, there) for (row in there) {
  x <- data[[row$item]]; x <- x[!is.na(x)]; centred <- x - mean(x)
  compare(paste("items", row$item, "n"), length(x), row$n)
  compare(paste("items", row$item, "mean"), mean(x), row$mean)
  compare(paste("items", row$item, "sd"), sd(x), row$sd)
  compare(paste("items", row$item, "skew"), mean(centred^3) / sd(x)^3, row$skew)
  compare(paste("items", row$item, "kurtosis"), mean(centred^4) / sd(x)^4 - 3, row$kurtosis)
}
compare_adequacy <- function(rows, there) {
  r <- cor(rows); n <- nrow(rows); p <- ncol(rows); found <- kmo_of(r)
  compare("adequacy kmo", found[["kmo"]], there$kmo)
  for (row in there$msa) compare(paste("adequacy", row$item), found[[row$item]], row$msa)
  chisq <- -(n - 1 - (2 * p + 5) / 6) * as.numeric(determinant(r)$modulus)
  compare("adequacy bartlett", chisq, there$bartlett$chisq)
}
compare_normality <- function(rows, there) {
  found <- mardia_of(as.matrix(rows))
  for (name in names(found)) compare(paste("normality", name), found[[name]], there[[name]])
}
compare_cfa <- function(fit, there) {
  compare("cfa n", lavInspect(fit, "nobs"), there$n)
  compare_fit("cfa", fit, there$fit)
  estimates <- parTable(fit); standard <- standardized(fit)
  for (row in there$loadings) {
    one <- standard[standard$lhs == latent[[row$factor]] & standard$rhs == row$item, ]
    own <- estimates[estimates$op == "=~" & estimates$lhs == latent[[row$factor]] & estimates$rhs == row$item, ]
    name <- paste("loading", row$item)
    compare(name, own$est, row$est)
    compare(paste(name, "se"), own$se, row$se)
    compare(paste(name, "standardised"), one$est.std, row$std_all)
    compare(paste(name, "standardised se"), one$se, row$std_se)
    compare(paste(name, "residual"), estimate(fit, row$item, "~~", row$item), row$residual)
  }
  r <- lavInspect(fit, "cor.lv")
  for (row in there$factor_correlation_intervals)
    compare(paste("correlation", row$first, row$second), r[latent[[row$first]], latent[[row$second]]], row$r)
}
compare_reliability <- function(name, data, fit, there) for (row in there) {
  items <- factors[[row$factor]]
  if (length(items) < 2) next
  found <- c(alpha_of(data, items), alpha_ordinal = alpha_ordinal(data, items))
  if (!is.null(fit)) found <- c(found, by_loadings(fit, latent[[row$factor]], items))
  for (measure in names(found)) compare(paste(name, row$factor, measure), found[[measure]], row[[measure]])
}
compare_matrix <- function(name, found, order, there) {
  for (i in seq_along(order)) for (j in seq_along(order)) if (i >= j)
    compare(paste(name, order[[i]], order[[j]]), found[order[[i]], order[[j]]], there[[i]][[j]])
}
fornell_larcker_of <- function(fit) {
  found <- unclass(lavInspect(fit, "cor.lv"))[latent, latent, drop = FALSE]
  dimnames(found) <- list(names(latent), names(latent))
  for (factor in names(factors)) {
    standard <- loadings_of(fit, latent[[factor]])
    found[factor, factor] <- if (length(standard) > 1) sqrt(mean(standard^2)) else NA
  }
  found
}
compare_rival <- function(name, rival, fit) {
  there <- Filter(function(row) row$name == name, results$rivals)
  if (!length(there) || !usable(name, rival)) return(invisible())
  compare_fit(name, rival, there[[1]]$fit)
  if (is.null(there[[1]]$delta_chisq)) return(invisible())
  test <- difference(rival, fit)
  compare(paste(name, "difference"), test[["chisq"]], there[[1]]$delta_chisq)
  compare(paste(name, "difference df"), test[["df"]], there[[1]]$delta_df)
  compare(paste(name, "difference p"), test[["pvalue"]], there[[1]]$delta_pvalue)
}
compare_null <- function(fit) {
  found <- measures(fit)
  for (row in results$rivals) if (row$kind == "null")
    for (measure in names(row$fit)) {
      name <- paste0("baseline_", measure)
      if (name %in% names(found)) compare(paste("null model", measure), found[[name]], row$fit[[measure]])
    }
}
compare_second_order <- function(fit, general, there) {
  if (!usable("second order", fit) || has_other_start("second order", fit, there)) return(invisible())
  compare_fit("second order", fit, there$fit)
  all <- standardized(fit)
  for (row in there$loadings) {
    one <- all[all$lhs == general & all$rhs == latent[[row$factor]], ]
    compare(paste("second order", row$factor), one$est.std, row$std_all)
    compare(paste("second order", row$factor, "se"), one$se, row$std_se)
  }
  weight <- sapply(names(factors), function(f) sum(sapply(factors[[f]], function(i) estimate(fit, latent[[f]], "=~", i))))
  gamma <- sapply(latent, function(f) estimate(fit, general, "=~", f))
  psi <- sapply(latent, function(f) estimate(fit, f, "~~", f))
  theta <- sum(sapply(items, function(item) estimate(fit, item, "~~", item)))
  by_general <- sum(weight * gamma)^2
  compare("omega_l1", by_general / (by_general + sum(weight^2 * psi) + theta), there$omega_l1)
  compare("omega_l2", sum(gamma)^2 / (sum(gamma)^2 + sum(psi)), there$omega_l2)
  compare("partial_omega_l1", by_general / (by_general + theta), there$partial_omega_l1)
}
compare_bifactor <- function(fit, general, there) {
  if (!usable("bifactor", fit, there$converged) || has_other_start("bifactor", fit, there)) return(invisible())
  compare_fit("bifactor", fit, there$fit)
  all <- standardized(fit, se = FALSE)
  g <- s <- setNames(numeric(length(items)), items)
  for (item in items) {
    g[item] <- all$est.std[all$rhs == item & all$lhs == general]
    s[item] <- all$est.std[all$rhs == item & all$lhs != general]
  }
  for (row in there$items) {  # the sign of a factor is a choice
    compare(paste("bifactor", row$item, "general"), abs(g[[row$item]]), abs(row$general))
    compare(paste("bifactor", row$item, "group"), abs(s[[row$item]]), abs(row$group))
  }
  unique <- 1 - g^2 - s^2
  group <- sapply(factors, function(own) sum(s[own])^2)
  total <- sum(g)^2 + sum(group) + sum(unique)
  compare("omega_hierarchical", sum(g)^2 / total, there$omega_hierarchical)
  compare("omega_total", (sum(g)^2 + sum(group)) / total, there$omega_total)
  compare("ecv", sum(g^2) / sum(g^2 + s^2), there$ecv)
  for (row in there$omega_hierarchical_subscale) {
    own <- factors[[row$factor]]
    compare(paste("omega_hierarchical", row$factor),
            group[[row$factor]] / (sum(g[own])^2 + group[[row$factor]] + sum(unique[own])), row$omega)
  }
}
grouped <- function(data, column, complete) {
  kept <- !is.na(data[[column]])
  if (complete) kept <- kept & stats::complete.cases(data[items])
  data <- data[kept, ]
  size <- table(as.character(data[[column]]))
  data <- data[as.character(data[[column]]) %in% names(size)[size >= length(items) + 1], ]
  data[[column]] <- as.character(data[[column]])
  data
}
# Neighbouring categories are joined until every group has used each.
joined <- function(data, column) {
  for (item in items) {
    used <- tapply(data[[item]], data[[column]], unique, simplify = FALSE)
    everywhere <- function(bin) all(sapply(used, function(own) any(bin %in% own)))
    bins <- list(numeric())
    for (value in sort(unique(data[[item]]))) {
      last <- length(bins)
      if (length(bins[[last]]) && everywhere(bins[[last]])) { last <- last + 1; bins[[last]] <- numeric() }
      bins[[last]] <- c(bins[[last]], value)
    }
    last <- length(bins)
    if (last > 1 && !everywhere(bins[[last]])) bins <- c(bins[seq_len(last - 2)], list(unlist(bins[(last - 1):last])))
    if (any(lengths(bins) > 1)) {
      number <- rep(seq_along(bins), lengths(bins))
      data[[item]] <- number[match(data[[item]], unlist(bins))]
    }
  }
  data
}
compare_ladder <- function(column, steps) {
  there <- Filter(function(ladder) ladder$group == column, results$invariance)
  if (!length(there)) return(invisible())
  before <- NULL
  for (rung in there[[1]]$steps) {
    name <- paste(column, rung$step)
    fit <- steps[[rung$step]]
    if (usable(name, fit)) {
      compare_fit(name, fit, rung)
      if (!is.null(before) && !is.null(rung$d_chisq)) {
        test <- difference(fit, before)
        compare(paste(name, "difference"), test[["chisq"]], rung$d_chisq)
        compare(paste(name, "difference p"), test[["pvalue"]], rung$d_pvalue)
      }
    }
    before <- fit
  }
  if (length(there[[1]]$releases) || !"scalar" %in% names(steps)) return(invisible())
  estimates <- parTable(steps$scalar); estimates <- estimates[estimates$group > 0, ]
  labels <- lavInspect(steps$scalar, "group.label")
  for (row in there[[1]]$latent_means) {
    own <- estimates[estimates$op == "~1" & estimates$lhs == latent[[row$factor]] &
                     labels[estimates$group] == row$group, ]
    compare(paste(column, "mean", row$factor, row$group), own$est, row$est)
    compare(paste(column, "mean", row$factor, row$group, "se"), own$se, row$se)
  }
}
conclude <- function() {
  if (is.null(results)) return(cat("There is no ", report, " here to compare with.\n", sep = ""))
  if (!length(compared)) stop(report, " holds no number to compare with.")
  found <- as.data.frame(do.call(rbind, compared))
  found$difference <- abs(found$here - found$report) / pmax(1, abs(found$report))
  found <- found[order(-found$difference), ]
  for (line in skipped) cat("Not compared: ", line, ".\n", sep = "")
  cat(sprintf("lavaan %s: %d numbers compared with %s; largest difference %.2g (%s), allowed %.2g.\n",
              packageVersion("lavaan"), nrow(found), report, found$difference[1], rownames(found)[1], tolerance))
  if (found$difference[1] > tolerance) {
    print(head(found[found$difference > tolerance, ], 20), digits = 8)
    stop("The numbers are not those of ", report, ".")
  }
}
