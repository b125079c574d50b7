"""Exploratory blocks in a model's text: ``efa("name")*factor`` on the left of ``=~``."""

from __future__ import annotations

from analysis.covariance.text.syntax_tokens import Token
from analysis.errors import ModelError

_BETWEEN = ("(", ")", "*")


def without_blocks(tokens: list[Token]) -> tuple[list[Token], tuple[tuple[str, str], ...]]:
    """The tokens without ``efa(...)*``, and each factor that had one with its block's name.

    Raises ModelError where it stands elsewhere than before a factor on the left of ``=~``, and for a
    factor of two blocks.
    """
    if all(token.text != "efa" for token in tokens):
        return tokens, ()
    kept: list[Token] = []
    blocks: dict[str, str] = {}
    at = 0
    while at < len(tokens):
        if not _opens(tokens, at):
            kept.append(tokens[at])
            at += 1
            continue
        block, factor = _read(tokens, at)
        _require_measured(tokens, at)
        if blocks.setdefault(factor.text, block) != block:
            raise _error(
                factor,
                f'{factor.text} is a factor of the blocks "{blocks[factor.text]}" and "{block}"; choose one',
            )
        at += 5
    return kept, tuple(blocks.items())


def _opens(tokens: list[Token], at: int) -> bool:
    """Whether a block's modifier starts here; a variable may be called efa."""
    return [token.text for token in tokens[at : at + 2]] == ["efa", "("]


def _read(tokens: list[Token], at: int) -> tuple[str, Token]:
    """The block's name and the factor's token."""
    opening, name, closing, star, factor = (*tokens[at + 1 : at + 6], *[tokens[-1]] * 5)[:5]
    signs = tuple(token.text for token in (opening, closing, star))
    if signs != _BETWEEN or name.kind not in ("string", "name") or factor.kind != "name":
        raise _error(
            tokens[at],
            """efa() names a block before a factor; write efa("block")*factor =~ items""",
        )
    return name.text.strip("\"'"), factor


def _require_measured(tokens: list[Token], at: int) -> None:
    """The statement's operator comes later than the modifier, and is ``=~``."""
    for ahead in range(at, len(tokens)):
        token = tokens[ahead]
        if token.kind == "operator":
            if token.text == "=~":
                return
            break
        joined = "+" in (tokens[ahead - 1].text, tokens[min(ahead + 1, len(tokens) - 1)].text)
        if token.kind == "end" and not joined:
            break
    raise _error(
        tokens[at],
        'efa() stands before a factor on the left of =~; write efa("block")*factor =~ items',
    )


def _error(token: Token, message: str) -> ModelError:
    return ModelError(message, line=token.line, column=token.column)
