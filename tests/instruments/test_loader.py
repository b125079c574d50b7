"""A folder is all that an instrument needs, and everything that is wrong with it is told at once."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.loader import BUILT_IN, InstrumentError, Library, check, load_folder, parse
from instruments.schema import ItemKind, Metric, TranslationStatus

DEFINITION = """
code = "coffee"
version = "1"
licence = "CC0"
citation = "Own."
[scales.agree5]
minimum = 1
maximum = 5
[[items]]
code = "taste"
kind = "rating"
scale = "agree5"
[[items]]
code = "again"
kind = "yes_no"
[[items]]
code = "drink"
kind = "single_choice"
choices = ["black", "white"]
[keys.coffee]
metric = "index"
[keys.coffee.scales]
taste = ["taste"]
"""
WORDING = """
id = "en-1"
language = "en"
title = "Coffee"
[items]
taste = "{provider}'s coffee is good."
again = "Would you come again?"
drink = "What did you drink?"
[labels.agree5]
1 = "No"
5 = "Yes"
[choices.again]
1 = "Yes"
0 = "No"
[choices.drink]
black = "Black"
white = "White"
[dimensions]
taste = "Taste"
"""


def faults_of(definition: str = DEFINITION, **texts: str) -> list[tuple[str, str]]:
    """(key, cure) of every fault."""
    with pytest.raises(InstrumentError) as caught:
        parse(definition, {f"texts/{name}.toml": text for name, text in texts.items()})
    assert all(fault.file and fault.cure for fault in caught.value.faults)
    return [(fault.key, fault.cure) for fault in caught.value.faults]


def folder(root: Path, name: str = "coffee", definition: str = DEFINITION) -> Path:
    (root / name / "texts").mkdir(parents=True)
    (root / name / "instrument.toml").write_text(definition, encoding="utf-8")
    (root / name / "texts" / "en.toml").write_text(WORDING, encoding="utf-8")
    return root / name


def test_what_is_written_is_what_is_loaded():
    coffee = parse(DEFINITION, {"texts/en.toml": WORDING})
    assert [(item.code, item.kind) for item in coffee.items] == [
        ("taste", ItemKind.RATING),
        ("again", ItemKind.YES_NO),
        ("drink", ItemKind.SINGLE_CHOICE),
    ]
    assert coffee.items[1].choices == ("1", "0")
    assert coffee.default_key is not None
    assert coffee.default_key.metric is Metric.INDEX
    english = coffee.wording("en")
    assert english.labels == {"agree5": {1: "No", 5: "Yes"}}
    assert english.choices["again"] == {"1": "Yes", "0": "No"}
    assert english.status is TranslationStatus.DRAFT


def test_a_folder_in_a_root_of_ones_own_is_an_instrument(tmp_path: Path):
    folder(tmp_path)
    assert "coffee" in Library((tmp_path,)).available()
    assert "sjq" in Library((tmp_path,)).available()
    assert Library((tmp_path,)).load("coffee").version == "1"


def test_a_loaded_instrument_is_remembered():
    assert BUILT_IN.load("sjq") is BUILT_IN.load("sjq")


def test_an_older_version_stays_loadable_beside_the_current_one(tmp_path: Path):
    folder(tmp_path, definition=DEFINITION.replace('version = "1"', 'version = "2"'))
    folder(tmp_path, "coffee@1")
    library = Library((tmp_path,))
    assert library.load("coffee").version == "2"
    assert library.load("coffee", "1").version == "1"
    assert library.load("coffee", "2").version == "2"
    assert [code for code in library.available() if code.startswith("coffee")] == ["coffee"]
    with pytest.raises(InstrumentError, match="coffee version 3"):
        library.load("coffee", "3")


def test_an_unknown_instrument_is_told_with_the_known_ones():
    with pytest.raises(InstrumentError, match=r"'tea'.*known: .*sjq"):
        BUILT_IN.load("tea")


def test_a_root_that_is_no_folder_is_told(tmp_path: Path):
    with pytest.raises(InstrumentError, match="is no folder"):
        Library((tmp_path / "absent",)).load("sjq")


def test_the_folders_name_is_the_code_and_the_version(tmp_path: Path):
    assert [fault.key for fault in check(folder(tmp_path, "tea"))] == ["code"]
    assert [fault.key for fault in check(folder(tmp_path, "coffee@9"))] == ["version"]
    assert check(folder(tmp_path)) == ()
    assert check(str(tmp_path / "coffee")) == ()


def test_a_missing_file_and_a_file_that_is_no_text_are_told(tmp_path: Path):
    assert "is missing" in check(tmp_path)[0].cure
    path = folder(tmp_path)
    (path / "texts" / "fi.toml").write_bytes(b"\xff\xfe\x00")
    assert "UTF-8" in check(path)[0].cure
    shutil.rmtree(path / "texts")
    assert "add texts/en.toml" in check(path)[0].cure


def test_files_may_begin_with_a_byte_order_mark(tmp_path: Path):
    own = folder(tmp_path)
    plain = load_folder(own)
    for file in (own / "instrument.toml", own / "texts" / "en.toml"):
        file.write_text(file.read_text(encoding="utf-8"), encoding="utf-8-sig")
    assert not check(own)
    assert load_folder(own).wordings == plain.wordings


def test_every_fault_is_told_at_once():
    wrong = DEFINITION.replace('version = "1"', "version = 1").replace("maximum = 5", "maximum = 0")
    keys = [key for key, _ in faults_of(wrong + "\n[bogus]\n", en=WORDING)]
    assert {"version", "scales.agree5.maximum", "bogus"} <= set(keys)


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        ('code = "coffee"', 'code = "Coffee!"', "code", "small letters"),
        ('code = "coffee"', "", "code", "is missing"),
        ('licence = "CC0"', 'licence = " "', "licence", "must not be empty"),
        ("minimum = 1", 'minimum = "1"', "scales.agree5.minimum", "a whole number"),
        ("minimum = 1", "minimum = true", "scales.agree5.minimum", "a whole number"),
        ("maximum = 5", "maximum = 5000", "scales.agree5.maximum", "100 above"),
        ('kind = "rating"', 'kind = "stars"', "items[taste].kind", "must be one of rating"),
        ('kind = "rating"', 'kind = "zero_to_ten"', "items[taste].scale", "from 0 to 10"),
        ('scale = "agree5"', "", "items[taste].scale", "is missing"),
        ('scale = "agree5"', 'scale = "agree7"', "items[taste].scale", "is no scale"),
        ('scale = "agree5"', 'scale = "agree5"\nscala = 1', "items[taste].scala", "is not known"),
        ('code = "taste"', 'code = "ta-ste"', "items[ta-ste].code", "underscores"),
        ('code = "again"', 'code = "TASTE"', "items[TASTE].code", "stands twice"),
        ('kind = "yes_no"', 'kind = "yes_no"\nreverse = true', "items[again].reverse", "reversed"),
        (
            'kind = "yes_no"',
            'kind = "yes_no"\nmax_length = 9',
            "items[again].max_length",
            "open_text",
        ),
        ('["black", "white"]', '["black"]', "items[drink].choices", "at least two"),
        ('["black", "white"]', '["black", "black"]', "items[drink].choices", "stands twice"),
        ('["black", "white"]', '["black", 2]', "items[drink].choices", "text in quotes"),
        ('["black", "white"]', '["black", "no milk"]', "items[drink].choices", "small letters"),
        ('metric = "index"', 'metric = "sum"', "keys.coffee.metric", "must be one of index"),
        ('metric = "index"', 'metric = "nps"', "keys.coffee.scales.taste", "zero_to_ten items"),
        ('metric = "index"', 'metric = "index"\ntotal = "all"', "keys.coffee.total", "several"),
        ('taste = ["taste"]', 'taste = ["salt"]', "keys.coffee.scales.taste", "is no item"),
        ('taste = ["taste"]', "taste = []", "keys.coffee.scales.taste", "must not be empty"),
        ('taste = ["taste"]', 'taste = ["taste"]\nb = ["taste"]', "keys.coffee.scales.b", "once"),
        (
            'code = "taste"',
            'code = "taste"\ndimension = "x"',
            "items[taste].dimension",
            "is no scale",
        ),
    ],
)
def test_a_wrong_definition_names_the_key_and_the_cure(old: str, new: str, key: str, says: str):
    assert old in DEFINITION
    found = faults_of(DEFINITION.replace(old, new, 1), en=WORDING)
    assert any(fault_key == key and says in cure for fault_key, cure in found), found


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        ('id = "en-1"', "", "id", "is missing"),
        ('language = "en"', 'language = "English"', "language", "language tag"),
        ('title = "Coffee"', 'title = "Coffee"\nstatus = "done"', "status", "draft, reviewed"),
        ('taste = "{provider}', 'taste = "{brand}', "items.taste", "{provider} and {touchpoint}"),
        ('taste = "{provider}', 'taste = "{provider.__class__}', "items.taste", "may stand in"),
        ('again = "Would', 'more = "Would', "items.again", "is missing"),
        ('again = "Would', 'more = "Would', "items.more", "is not known"),
        ('1 = "No"', "", "labels.agree5.1", "is missing"),
        ('1 = "No"', '1 = "No"\n9 = "?"', "labels.agree5.9", "is not known"),
        ('0 = "No"', "", "choices.again.0", "is missing"),
        ('white = "White"', 'green = "White"', "choices.drink.white", "is missing"),
        ('taste = "Taste"', "", "dimensions.taste", "is missing"),
    ],
)
def test_a_wrong_wording_names_the_key_and_the_cure(old: str, new: str, key: str, says: str):
    assert old in WORDING
    found = faults_of(en=WORDING.replace(old, new, 1))
    assert any(fault_key == key and says in cure for fault_key, cure in found), found


def test_broken_toml_names_the_line():
    assert "line 2" in faults_of("\ncode = coffee", en=WORDING)[0][1]
    assert "not valid TOML" in faults_of("a = " + "[" * 5000, en=WORDING)[0][1]


def test_a_huge_file_is_refused_unread():
    assert "at most 1000000" in faults_of("#" * 1_000_001, en=WORDING)[0][1]


def test_two_wordings_need_two_ids():
    assert faults_of(en=WORDING, fi=WORDING.replace('"en"', '"fi"'))[0][0] == "id"


def test_the_language_it_was_written_in_comes_first():
    german = WORDING.replace('"en"', '"de"').replace('"en-1"', '"de-1"')
    texts = {"texts/de.toml": german, "texts/en.toml": WORDING}
    assert list(parse(DEFINITION, texts).wordings) == ["en-1", "de-1"]
    assert list(parse('language = "de"\n' + DEFINITION, texts).wordings) == ["de-1", "en-1"]
    assert faults_of('language = "sv"\n' + DEFINITION, en=WORDING)[0][0] == "language"


def test_arabic_is_written_from_right_to_left():
    arabic = WORDING.replace('"en"', '"ar-EG"').replace('"en-1"', '"ar-1"')
    texts = {"texts/ar.toml": arabic, "texts/en.toml": WORDING}
    loaded = parse(DEFINITION, texts)
    assert [w.right_to_left for w in loaded.wordings.values()] == [False, True]


TOML_VALUE = st.sampled_from(
    ["1", "-1", "true", '"x"', '""', "[]", "{}", '["a", "a"]', "[1]", "1.5", "nan", "1979-05-27"]
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(DEFINITION.strip().splitlines()), TOML_VALUE)
def test_any_value_anywhere_in_a_definition_gives_faults_not_crashes(line: str, value: str):
    replaced = (
        f"{line.split('=')[0]} = {value}" if "=" in line else line.strip("[]") + f" = {value}"
    )
    try:
        parse(DEFINITION.replace(line, replaced, 1), {"texts/en.toml": WORDING})
    except InstrumentError as error:
        assert error.faults


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(WORDING.strip().splitlines()), TOML_VALUE)
def test_any_value_anywhere_in_a_wording_gives_faults_not_crashes(line: str, value: str):
    replaced = (
        f"{line.split('=')[0]} = {value}" if "=" in line else line.strip("[]") + f" = {value}"
    )
    try:
        parse(DEFINITION, {"texts/en.toml": WORDING.replace(line, replaced, 1)})
    except InstrumentError as error:
        assert error.faults


def test_the_library_reads_without_paths_of_its_own():
    # An installed package may lie in an archive: the library is found as a resource.
    library = files("instruments").joinpath("library")
    assert load_folder(library.joinpath("sjq")) == BUILT_IN.load("sjq")


def edition(number: int, language: str = "en", taste: str = "Taste") -> str:
    text = WORDING.replace('"en-1"', f'"{language}-{number}"').replace('"en"', f'"{language}"')
    return text.replace('"Coffee"', f'"{taste} {number}"')


def test_an_earlier_wording_stays_beside_the_one_that_took_its_place():
    names = {
        "en": edition(11),
        "en@en-1": edition(1),
        "en@en-10": edition(10),
        "en@en-9": edition(9),
    }
    names |= {"fi": edition(1, "fi"), "en-published": edition(3)}
    loaded = parse(DEFINITION, {f"texts/{name}.toml": text for name, text in names.items()})
    assert [w.id for w in loaded.current_wordings] == ["en-11", "en-3", "fi-1"]
    assert list(loaded.wordings)[3:] == ["en-1", "en-9", "en-10"]
    assert {loaded.wordings[f"en-{n}"].replaced_by for n in (1, 9, 10)} == {"en-11"}
    assert loaded.wording("en").title == "Taste 11"
    assert loaded.wording("en", "en-9").title == "Taste 9"
    assert loaded.first_wording("en").id == "en-1"
    assert loaded.first_wording("fi").id == "fi-1"


@pytest.mark.parametrize(
    ("texts", "key", "cure"),
    [
        ({"en": edition(2), "en@en-1": edition(3)}, "id", "what the file's name says, 'en-1'"),
        ({"en": edition(2), "en@en-2": edition(2)}, "id", "another wording has this id"),
        ({"en": edition(2), "fi@fi-1": edition(1, "fi")}, "", "fi.toml, which is missing"),
        ({"en": edition(2), "en@fi-1": edition(1, "fi")}, "language", "must be that of"),
    ],
)
def test_an_earlier_wording_that_has_no_place_is_refused(texts, key, cure):
    found = faults_of(**texts)
    assert [k for k, _ in found] == [key]
    assert cure in found[0][1]


def test_an_instrument_has_codes_for_no_answer_none_of_which_is_an_answer():
    own = DEFINITION.replace(
        'citation = "Own."', 'citation = "Own."\nmissing_codes = ["-99", "NA"]'
    )
    assert parse(own, {"texts/en.toml": WORDING}).missing_codes == ("-99", "NA")
    with pytest.raises(InstrumentError, match=r"missing_codes.*is an answer on agree5"):
        parse(own.replace('"-99"', '"5"'), {"texts/en.toml": WORDING})
