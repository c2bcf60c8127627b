"""Language: the language of a short text among the four, or none."""

import json
from collections import Counter
from pathlib import Path

import pytest

from reformwatch.language.detection import detect


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The president of the country is to speak on Wednesday", "en"),
        ("El presidente de la república habla de las reformas en el país", "es"),
        ("Президент страны выступит с обращением и расскажет о выборах", "ru"),
        ("Мемлекет басшысы Қазақстан халқына жолдау жолдайды және заңға қол қойды", "kk"),
        ("Memleket basşısı Qazaqstan halqına joldau joldaidı", "kk"),
        ("مەملەكەت باسشىسى قازاقستان حالقىنا جولداۋ جولدادى", "kk"),
        ("", None),
        ("12345 67", None),
        ("Tokayev", None),
        ("Der Präsident spricht am Mittwoch", None),
    ],
)
def test_a_text_is_told_by_its_letters_and_common_words(text: str, language: str | None) -> None:
    assert detect(text) == language


def test_labelled_news_is_hardly_ever_taken_for_another_language(shared: Path) -> None:
    verdicts: Counter[bool] = Counter()
    for line in (shared / "data/gold/dev.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        found = detect(f"{row['title']} {row['lead'] or ''}")
        if found is not None:
            verdicts[found == row["language"]] += 1
    assert verdicts[True] > 300
    assert verdicts[False] <= 0.01 * verdicts.total()
