"""Model text in lavaan's syntax, read into a ``Model``; every error names line, column and cure.

The text is parsed, never evaluated. Read: ``=~ <~ ~ ~~ ~1 := == < >``, thresholds (``u | t1``) and
response scales (``u ~*~ u``) of ordinal items, products of observed
variables (``x1:x2``), reverse-keyed items (``-x2``
or ``reverse(x2)``), fixed values (``1*x``), freed
parameters (``NA*x``), labels (``a*x``), starting values (``start(0.5)*x`` or ``0.5?x``), bounds
(``lower(0)*x``, ``upper(1)*x``), another parameter's value (``equal("f=~x1")*x``), one of each per
group (``c(a, b)*x``), exploratory blocks (``efa("name")*f``),
several names on the left, ``;`` or line ends between statements, ``#`` and ``!`` comments.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from analysis.covariance.text.efa_tokens import without_blocks
from analysis.covariance.text.expressions import (
    FUNCTIONS,
    Call,
    Expression,
    Label,
    Negative,
    Number,
    Operation,
)
from analysis.covariance.text.model import Constraint, Definition, Model, Modifier, Path, circular
from analysis.covariance.text.syntax_equal import Equal, with_equal
from analysis.covariance.text.syntax_modifiers import (
    FUNCTION_MODIFIERS,
    MEASUREMENT_OF_ANSWERS,
    as_starts,
    numbers_of,
    require_target,
    unknown_modifier,
)
from analysis.covariance.text.syntax_tokens import Token, tokens_of
from analysis.errors import ModelError

MAX_CHARACTERS = 200_000
MAX_PATHS = 5_000
MAX_DEPTH = 50
MAX_OPERATIONS = 200

_STATEMENT_OPERATORS = ("=~", "<~", "~~", "~", "|", "~*~", ":=", "==", "<", ">")
_CONSTRAINTS = ("==", "<", ">")
_REFUSED = {
    "=": "use '=~' (is measured by), '<~' (is composed of), '~' (is regressed on), '~~' (covaries with), ':=' (is defined as) or '=='",
    "%": "levels and blocks are written 'level: 1' and 'level: 2'; write one model for all rows otherwise",
    ":": "blocks of groups or levels are not read here: 'level: 1' and 'level: 2' belong to a two-level model, "
    "which `surveyapp sem --cluster` fits; use c(a, b)* for groups, and x1:x2 for a product",
}

_UNMODIFIED: tuple[Modifier, ...] = (Modifier(),)


def parse(text: str) -> Model:
    """The model that the text describes.

    Raises ModelError with line and column for anything that cannot be read.

    >>> parse("visual =~ x1 + a*x2; visual ~~ 1*visual").latent
    ('visual',)
    """
    if len(text) > MAX_CHARACTERS:
        raise ModelError(
            f"the model text has {len(text)} characters; at most {MAX_CHARACTERS} are read"
        )
    tokens, blocks = without_blocks(tokens_of(text))
    return replace(_Reader(tokens).model(), blocks=blocks)


def as_model(model: str | Model) -> Model:
    """A Model as it is, a text parsed."""
    return model if isinstance(model, Model) else parse(model)


class _Reader:
    """Walks over the tokens once; each method reads one construct and stands after it."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0
        self.operations = 0
        self.paths: dict[tuple[str, str, str], Path] = {}
        self.definitions: list[Definition] = []
        self.constraints: list[Constraint] = []
        self.equal: list[Equal] = []  # what equal() refers to
        self.turned: dict[str, bool] = {}  # whether each item of a factor is reversed

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def error(self, message: str, token: Token | None = None) -> ModelError:
        where = self.token if token is None else token
        return ModelError(message, line=where.line, column=where.column)

    def found(self) -> str:
        text = self.token.text
        return (
            "the end of the text"
            if not text
            else "the end of the line"
            if text in "\n;"
            else repr(text)
        )

    def skip_line_ends(self) -> None:
        while self.token.text == "\n":
            self.at += 1

    def accept(self, text: str) -> bool:
        """Step over the sign if it is next. A line may break before or after ``+ * ? / ^ , )``."""
        ahead = self.at
        while self.tokens[ahead].text == "\n" and text != "(":
            ahead += 1
        if self.tokens[ahead].text != text or self.tokens[ahead].kind == "string":
            return False
        self.at = ahead + 1
        if text != ")":
            self.skip_line_ends()
        return True

    def model(self) -> Model:
        while self.at < len(self.tokens):
            if self.token.kind == "end":
                self.at += 1
                continue
            self.statement()
            if self.token.kind != "end":
                raise self.error(
                    f"{self.found()} cannot follow here; join terms with '+', end a statement with a new line or ';'"
                )
        if not self.paths:
            raise ModelError(
                "the model says nothing; write at least one line such as 'quality =~ item1 + item2 + item3'"
            )
        return Model(
            with_equal(tuple(self.paths.values()), self.equal),
            tuple(self.definitions),
            tuple(self.constraints),
            tuple(item for item, turned in self.turned.items() if turned),
        )

    def statement(self) -> None:
        operator = self.statement_operator()
        if operator == ":=":
            self.definition()
        elif operator in _CONSTRAINTS:
            self.constraint()
        else:
            self.formula()

    def statement_operator(self) -> str:
        """The operator of the statement that starts here, found by looking ahead."""
        ahead, depth = self.at, 0
        while ahead < len(self.tokens):
            token = self.tokens[ahead]
            if token.kind == "operator" and not self.joins_names(ahead):
                if token.text in _REFUSED:
                    raise self.error(f"{token.text!r}: {_REFUSED[token.text]}", token)
                return token.text
            depth += (token.text == "(") - (token.text == ")")
            if token.kind == "end" and depth <= 0 and not self.continues(ahead):
                break
            ahead += 1
        raise self.error(
            "this statement has no operator; write for example 'factor =~ item1 + item2' or 'y ~ x'"
        )

    def joins_names(self, at: int) -> bool:
        """Whether the token is the ``:`` of a product of two variables."""
        around = self.tokens[at - 1 : at + 2 : 2]
        return self.tokens[at].text == ":" and [t.kind for t in around] == ["name", "name"]

    def continues(self, at: int) -> bool:
        """Whether a line end at this token stands inside an unfinished list of names."""
        if self.tokens[at].text != "\n":
            return False
        after = at
        while self.tokens[after].text == "\n":
            after += 1
        return self.tokens[at - 1].text in ("+", "*") or self.tokens[after].text in ("+", "*")

    def name(self, needed: str) -> Token:
        token = self.token
        if token.kind != "name":
            raise self.error(f"{needed} was expected, found {self.found()}")
        self.at += 1
        return token

    # Formulas: left names, operator, terms with modifiers.

    def variable(self, needed: str) -> Token:
        """A variable's name, or two joined by ``:``, which is their product."""
        first = self.name(needed)
        if self.token.text != ":":
            return first
        self.at += 1
        second = self.name("the second variable of the product")
        if self.token.text == ":":
            raise self.error(
                "a product of three variables is not supported; compute it as a column"
            )
        return first._replace(text=f"{first.text}:{second.text}")

    def formula(self) -> None:
        left = [self.variable("a variable's name")]
        while self.accept("+"):
            left.append(self.variable("a variable's name after '+'"))
        operator = self.token
        if operator.text not in _STATEMENT_OPERATORS:
            raise self.error(f"an operator (=~, <~, ~, ~~) was expected, found {self.found()}")
        self.at += 1
        self.skip_line_ends()
        while True:
            self.term(left, operator)
            # ``- x2`` is a further term, which the next round reads with its sign.
            if not self.accept("+") and self.token.text != "-":
                return

    def term(self, left: list[Token], operator: Token) -> None:
        modifiers = _UNMODIFIED
        while True:
            start = self.token
            if self.reversed_item(left, operator, modifiers):
                return
            sign = self.accept("-")
            token = self.token
            if operator.text in MEASUREMENT_OF_ANSWERS:
                require_target(
                    left, operator, token, self.next_is_no_star() and self.peek() != "(", self.error
                )
            if token.kind == "number" and not sign and self.next_is_no_star():
                self.at += 1
                self.intercept(left, operator, modifiers, token)
                return
            if token.kind == "name" and not sign and self.next_is_no_star() and self.peek() != "(":
                right = self.variable("a variable")
                self.measure(left, operator, right, modifiers, turned=False)
                return
            own = self.modifier(sign, operator)
            if self.accept("?"):
                own = as_starts(own, self.error, start)
            elif not self.accept("*"):
                raise self.error(
                    f"'*' and a variable were expected after the modifier, found {self.found()}"
                )
            modifiers = _merged(modifiers, own, self.error, start)

    def reversed_item(
        self, left: list[Token], operator: Token, modifiers: tuple[Modifier, ...]
    ) -> bool:
        """Read ``-x2`` or ``reverse(x2)``, if that is next."""
        if self.token.text not in ("-", "reverse"):
            return False
        ahead = self.tokens[self.at : self.at + 4]
        words = [token.text for token in ahead]
        if len(ahead) > 1 and words[0] == "-" and ahead[1].kind == "name":
            item, length = ahead[1], 2
        elif words[:2] == ["reverse", "("] and words[3:] == [")"] and ahead[2].kind == "name":
            item, length = ahead[2], 4
        else:
            return False
        if operator.text != "=~":
            raise self.error(
                f"{item.text} can be reversed only where a factor is measured by it; a coefficient or "
                "covariance of the other sign needs no reversal",
                item,
            )
        self.at += length
        if self.token.text == "*":
            raise self.error(
                f"'-' before the label {item.text} has no meaning; write -1*x for a fixed value, "
                "reverse(x) for a reverse-keyed item",
                item,
            )
        self.measure(left, operator, item, modifiers, turned=True)
        return True

    def measure(
        self,
        left: list[Token],
        operator: Token,
        right: Token,
        modifiers: tuple[Modifier, ...],
        *,
        turned: bool,
    ) -> None:
        """Add the path from each name on the left to the one on the right."""
        if operator.text == "=~" and self.turned.setdefault(right.text, turned) != turned:
            raise self.error(
                f"{right.text} is reversed in one place and not in another; write it alike in both",
                right,
            )
        for name in left:
            self.add(name, operator.text, right.text, modifiers, right)

    def peek(self) -> str:
        return self.tokens[self.at + 1].text if self.at + 1 < len(self.tokens) else ""

    def next_is_no_star(self) -> bool:
        ahead = self.at + 1
        while ahead < len(self.tokens) and self.tokens[ahead].text == "\n":
            ahead += 1
        return ahead >= len(self.tokens) or self.tokens[ahead].text not in ("*", "?")

    def intercept(
        self, left: list[Token], operator: Token, modifiers: tuple[Modifier, ...], token: Token
    ) -> None:
        if operator.text != "~" or float(token.text) != 1:
            raise self.error(
                f"the number {token.text} stands where a variable was expected; "
                "write '1*x' to fix a parameter, or 'x ~ 1' for an intercept",
                token,
            )
        for name in left:
            self.add(name, "~1", "", modifiers, token)

    def add(
        self, left: Token, op: str, rhs: str, modifiers: tuple[Modifier, ...], place: Token
    ) -> None:
        lhs = left.text
        if op in ("=~", "<~", "~") and lhs == rhs:
            raise self.error(circular(lhs, op), place)
        key = (lhs, op, rhs)
        if op == "~~" and (rhs, op, lhs) in self.paths:
            key = (rhs, op, lhs)
        known = self.paths.get(key)
        if known is not None:
            if modifiers == (Modifier(),) or known.modifiers == modifiers:
                raise self.error(
                    f"{known.name} is in the model already (line {known.line}); remove one of the two",
                    place,
                )
            merged = _merged(known.modifiers, modifiers, self.error, place)
            self.paths[key] = replace(known, modifiers=merged)
            return
        if len(self.paths) >= MAX_PATHS:
            raise self.error(f"more than {MAX_PATHS} parameters; split the model", place)
        self.paths[key] = Path(lhs, op, rhs, modifiers, place.line, place.column)

    # Modifiers: number, NA, label, c(...), start(...), label(...).

    def modifier(self, negative: bool, operator: Token) -> tuple[Modifier, ...]:
        token = self.token
        if token.kind == "number":
            self.at += 1
            value = float(token.text)
            return (Modifier(fixed=-value if negative else value),)
        if negative:
            raise self.error(f"a number was expected after '-', found {self.found()}")
        if token.kind == "string":
            self.at += 1
            return (Modifier(label=token.text[1:-1]),)
        if token.kind != "name":
            raise self.error(
                f"a variable was expected after '{operator.text}' or '+', found {self.found()}"
            )
        if self.peek() != "(":
            self.at += 1
            return (_single(token.text),)
        self.at += 1
        if token.text not in FUNCTION_MODIFIERS:
            raise self.error(unknown_modifier(token.text), token)
        values = self.arguments(token)
        if token.text == "c":
            return tuple(_single(v) if isinstance(v, str) else Modifier(fixed=v) for v in values)
        if token.text == "label":
            return tuple(Modifier(label="" if v == "NA" else str(v)) for v in values)
        if token.text == "equal":
            return tuple(self.reference(str(v), token) for v in values)
        if any(isinstance(v, str) and v != "NA" for v in values):
            raise self.error(
                f"{token.text}() takes numbers, for example {token.text}(0.5)*x1", token
            )
        return numbers_of(token.text, values)

    def reference(self, name: str, place: Token) -> Modifier:
        """What ``equal("f=~x1")`` says of a parameter: a label that stands for the other one's."""
        known = Equal.of(name, len(self.equal), place)
        self.equal.append(known)
        return Modifier(label=known.mark)

    def arguments(self, function: Token) -> list[str | float]:
        self.accept("(")
        values: list[str | float] = []
        while not self.accept(")"):
            if values and not self.accept(","):
                raise self.error(f"',' or ')' was expected, found {self.found()}")
            negative = self.accept("-")
            token = self.token
            if token.kind == "number":
                values.append(-float(token.text) if negative else float(token.text))
            elif token.kind == "string":
                values.append(token.text[1:-1])
            elif token.kind == "name" and token.text == "c" and self.peek() == "(":
                self.at += 1
                values.extend(self.arguments(token))
                continue
            elif token.kind == "name" and not negative:
                values.append(token.text)
            else:
                raise self.error(f"a number or a label was expected, found {self.found()}")
            self.at += 1
        if not values:
            raise self.error(f"{function.text}() is empty; give one value for each group", function)
        return values

    # Expressions of ':=' and '=='.

    def definition(self) -> None:
        self.operations = 0
        name = self.name("the name of the defined quantity")
        if self.token.text != ":=":
            raise self.error(f"':=' was expected after {name.text}, found {self.found()}")
        self.at += 1
        if any(d.name == name.text for d in self.definitions):
            raise self.error(f"{name.text} is defined twice; rename one", name)
        self.definitions.append(Definition(name.text, self.sum(), name.line, name.column))

    def constraint(self) -> None:
        self.operations = 0
        start = self.token
        left = self.sum()
        operator = self.token.text
        if operator not in _CONSTRAINTS:
            raise self.error(f"'==', '<' or '>' was expected, found {self.found()}")
        self.at += 1
        if self.token.text == "=":
            raise self.error(
                f"'{operator}=' is not known; write '{operator}', which allows equal values too"
            )
        self.constraints.append(Constraint(left, self.sum(), start.line, start.column, operator))

    def count(self) -> None:
        """One more operation in this expression; a bound keeps every later walk over it shallow."""
        self.operations += 1
        if self.operations > MAX_OPERATIONS:
            raise self.error(
                f"more than {MAX_OPERATIONS} operations in one expression; define parts of it first"
            )

    def joined(self, operator: str, left: Expression, right: Expression) -> Expression:
        self.count()
        return Operation(operator, left, right)

    def sum(self) -> Expression:
        self.skip_line_ends()
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.error(f"more than {MAX_DEPTH} brackets inside each other; simplify")
        result = self.product()
        while True:
            if self.accept("+"):
                result = self.joined("+", result, self.product())
            elif self.accept("-"):
                result = self.joined("-", result, self.product())
            else:
                self.depth -= 1
                return result

    def product(self) -> Expression:
        result = self.unary()
        while True:
            if self.accept("*"):
                result = self.joined("*", result, self.unary())
            elif self.accept("/"):
                result = self.joined("/", result, self.unary())
            else:
                return result

    def unary(self) -> Expression:
        negative = False
        while self.token.text in ("-", "+"):
            negative ^= self.token.text == "-"
            self.at += 1
        base = self.power()
        return Negative(base) if negative else base

    def power(self) -> Expression:
        base = self.atom()
        # Right-associative, as in R; the exponent may carry its own sign.
        if not self.accept("^"):
            return base
        self.count()
        return Operation("^", base, self.unary())

    def atom(self) -> Expression:
        token = self.token
        if token.kind == "number":
            self.at += 1
            return Number(float(token.text))
        if self.accept("("):
            inside = self.sum()
            self.close(token)
            return inside
        name = self.name("a label or a number")
        if self.token.text != "(":
            return Label(name.text, name.line, name.column)
        if name.text not in FUNCTIONS:
            raise self.error(
                f"{name.text}() is not known; functions are {', '.join(FUNCTIONS)}", name
            )
        self.accept("(")
        inside = self.sum()
        self.close(token)
        return Call(name.text, inside)

    def close(self, opening: Token) -> None:
        if not self.accept(")"):
            raise self.error(
                f"')' was expected for the bracket of column {opening.column}, found {self.found()}"
            )


def _single(text: str) -> Modifier:
    return Modifier(free=True) if text == "NA" else Modifier(label=text)


def _merged(
    old: tuple[Modifier, ...],
    new: tuple[Modifier, ...],
    error: Callable[[str, Token], ModelError],
    place: Token,
) -> tuple[Modifier, ...]:
    """Both sets of modifiers on one parameter; one value serves every group of the other set."""
    if len(old) != len(new) and 1 not in (len(old), len(new)):
        raise error(f"modifiers for {len(old)} and for {len(new)} groups on one parameter", place)
    size = max(len(old), len(new))
    old, new = (side * size if len(side) == 1 else side for side in (old, new))
    return tuple(
        Modifier(
            fixed=b.fixed if b.fixed is not None else a.fixed,
            free=a.free or b.free,
            label=b.label or a.label,
            start=b.start if b.start is not None else a.start,
            lower=b.lower if b.lower is not None else a.lower,
            upper=b.upper if b.upper is not None else a.upper,
        )
        for a, b in zip(old, new, strict=True)
    )
