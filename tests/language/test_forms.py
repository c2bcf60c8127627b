"""Language: the lattice: which dictionary forms a word may come from in four languages, and which it must not."""

import csv
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bounds import at_most_lines
from reformwatch.language import kazakh
from reformwatch.language.forms import forms_of
from reformwatch.language.names import _keys, names_of
from reformwatch.language.words import MAX_WORD, fold
from reformwatch.matching.index import TopicIndex, compile_topic
from reformwatch.matching.query import MatchText

#: More dictionary forms than any word of a language has; what only hostile words come near.
MAX_FORMS = 64


def name_key(name: str) -> str:
    """The first key of a name as written; empty where it has no letters."""
    return next(iter(_keys(name)), "")


def pairs(table: str) -> list[tuple[str, str]]:
    """A table of lines ``dictionary form: words``, as (word, dictionary form)."""
    rows = (line.partition(":") for line in table.strip().splitlines())
    return [(word, lemma.strip()) for lemma, _, words in rows for word in words.split()]


# --- what must be found ----------------------------------------------------------------------------------------------

ENGLISH = """
law: law laws Law's LAWS
party: parties
city: cities
body: bodies
pass: passed passing passes
vote: voted voting votes
stop: stopped stopping
ban: banned banning bans
plan: planned planning
election: elections
reform: reforming reformed reforms reform's
man: men
woman: women
child: children
crisis: crises
wife: wives
thief: thieves
tax: taxes
church: churches
address: addresses
hero: heroes
veto: vetoes vetoed
say: said
hold: held
build: built
win: won
withdraw: withdrawn withdrew
deny: denied
go: goes went gone
make: making made
referendum: referenda
agree: agreed
free: freed
refer: referred
control: controlled
rally: rallies
judge: judges judging
seize: seized seizes
propose: proposing proposed
lose: lost
be: was were being
focus: focused
lie: lying lies
"""

RUSSIAN = """
закон: закона законами законов законе законом
реформа: реформы реформ реформой реформам реформах реформу
аким: акимов акимы акиме акимом
выборы: выборам выборах выборов
президент: президента президентом
партия: партии партий партией партиями
новый: новых новой новая новому новым новое
большой: большого большому
местный: местные местных
синий: синего
депутат: депутаты депутатов
судья: судей судьи судьями
отец: отца отцы
рынок: рынка рынки
день: дня дней
рабочий: рабочих
поездка: поездок
слово: слов словами
поле: полей
люди: людей
казахстан: Казахстана Казахстане
токаев: Токаева Токаеву Токаевым Токаеве Токаевы
назарбаева: Назарбаевой
назарбаев: Назарбаевых Назарбаева
умарова: Умаровой Умарову
путин: Путиным
принять: принял приняла приняли приняты
принимать: принимает принимают
голосовать: голосовали голосует
избрать: избран избрали избрана избраны
обещать: обещал обещали
подписать: подписал
отменить: отменит отменили отменены
пойти: пойдет пошла
прийти: пришел
выйти: вышли
выступать: выступает
избираться: избирается
область: области областей областью областями
власть: власти властью
здание: здания зданий
решение: решений решениями
дело: деле дел делам
окно: окон
девушка: девушек
неделя: недель
герой: героев героя
случай: случаев
музей: музеев
статья: статьи статей статьями
семья: семей
учитель: учителя учителей
врач: врачей врачи
хороший: хорошие
платить: платит
видеть: видит
вернуть: вернет вернули
погибший: погибших
задержанный: задержанных
указ: указы указом
январь: январе января
елка: ёлки Ёлкой
"""

SPANISH = """
ley: leyes Leyes
reforma: reformas
votar: votó votaron votando votado votaba
elección: elecciones
presidente: presidenta presidentes
luz: luces
juez: jueces
nuevo: nuevas nueva nuevos
aprobar: aprobó aprueba aprueban aprobada
pedir: piden pidió
buscar: busca buscó busqué
pagar: pagó pague
dirigir: dirige dirijo
anunciar: anunciará anunció anuncian anunciaría
prometer: prometió prometieron prometido
vivir: vive vivió viviendo
ser: fue
ir: fueron
tener: tiene tuvo
hacer: hizo
detenido: detenidas detenidos
ciudad: ciudades
país: países
trabajador: trabajadoras trabajadores
inglés: inglesa
francés: francesas
investigación: investigaciones
cerrar: cierra cierran
empezar: empieza empezó
volver: vuelve vuelven
morir: muere murió
construir: construyó construyeron
caer: cayó
elegir: eligió elegido elegirá
presentar: presentarse
proponer: propuso propone
joven: jóvenes
orden: órdenes
crimen: crímenes
año: años
"""

KAZAKH = """
әкім: әкімнің әкімге әкімді әкімдер әкімдердің әкімдері әкіммен Әкімімен
тоқаев: Тоқаевтың Тоқаевқа Тоқаевты Тоқаевпен Тоқаевтан
қазақстан: Қазақстанда Қазақстанның Қазақстандағы Қазақстаннан Қазақстанға
заң: заңы заңның заңды заңдар заңдарға заңында заңымыз
кітап: кітабы кітабын кітабында
халық: халқы халқының халқына
модель: моделі
сайлау: сайлаудың сайлауда сайлауы сайлауға сайлаулар
парламент: парламенттің парламентте парламентіне
депутат: депутаттар депутаттардың депутаттары
партия: партиясы партиясының партияның
реформа: реформалар реформасын реформаларды
жолдау: жолдауында жолдауы жолдауын
облыс: облысының облысында облыстар
қала: қаласында қаланың қалалар
ел: елдің елі еліміздің елімізде
мәжіліс: мәжілістің мәжілісінде мәжілісте
үкімет: үкіметтің үкіметі
министрлік: министрлігі министрлігінің
комиссия: комиссиясы комиссияның
құқық: құқығы құқықтар құқығын
жыл: жылы жылдың
күн: күні күнінен
мектеп: мектептер мектебі мектебінде
факт: фактілер фактісі
сот: сотта соттың
алматы: Алматыда Алматының Алматыдан
ауыз: аузы
ерін: ерні
орын: орны орнына
бөлік: бөлігі бөлігінде
бала: баласы балалары балаларымыз
дос: досым
үй: үйіміз үйіме
мәселе: мәселелер мәселесі мәселелерін
өзгеріс: өзгерістер өзгерістерді
конституция: конституцияға конституциясына
банк: банктің банкі
нұрсұлтан: Нұрсұлтанға
жаңаөзен: Жаңаөзендегі
шымкент: Шымкентте
"""


@pytest.mark.parametrize(
    ("word", "lemma"),
    [pair for table in (ENGLISH, RUSSIAN, SPANISH, KAZAKH) for pair in pairs(table)],
)
def test_a_word_is_found_by_its_dictionary_form(word: str, lemma: str) -> None:
    assert fold(lemma) in forms_of(word)


@pytest.mark.parametrize(
    ("word", "lemma"),
    pairs(
        """
        принять: принята принято
        люди: людям людьми людях
        бороться: борется боролись
        время: времени
        деньги: денег
        земля: земель
        письмо: писем
        сердце: сердец
        construir: construye construyen
        proponer: propondrá
        español: españolas
        traffic: trafficking trafficked
        """
    ),
)
def test_a_word_that_bends_in_its_own_way_is_found_by_its_dictionary_form(word: str, lemma: str) -> None:
    assert fold(lemma) in forms_of(word)


# --- what must not ---------------------------------------------------------------------------------------------------

APART = """
әкім: әкімдік әкімдікте әкімдіктің
қылмыс: қылмыстық қылмыстықтың
жол: жолдау жолдауы жолдауында жолдас
тоқаев: тоқаевтық
сайлау: сайлаушы сайлаушылар
заң: заңсыз заңгер заңнама
халық: халықтық халықаралық
министр: министрлік министрлігі министрлігінің
үкімет: үкіметтік
парламент: парламенттік
тергеу: тергеуші тергеушілер
құқық: құқықтық
қала: қалалық
облыс: облыстық
ел: елші елшілер елшінің елдік
бала: баласыз
ақ: ақша
elect: elector electors election elections elective
reform: reformer reformers reformist
vote: voter voters
law: lawyer lawful
new: newly
govern: government
may: mayor mayors
протест: протестный протестные протестовать
токаев: токаевский токаевского
реформа: реформатор реформировать
закон: законный законность законопроект
аким: акимат акиматы акиматом
выборы: выборный
президент: президентский
прокурор: прокуратура прокуратуры
министр: министерство министерства
суд: судебный судья судьи судье
мэр: мир мира
год: годовой
город: городской
elegir: elección elecciones
votar: votación
presidente: presidencial
ley: legal
"""


@pytest.mark.parametrize(("word", "lemma"), pairs(APART))
def test_a_word_of_its_own_is_no_form_of_what_it_is_made_from(word: str, lemma: str) -> None:
    assert fold(lemma) not in forms_of(word)


def test_news_is_not_the_plural_of_new() -> None:
    assert "new" not in forms_of("news")


@pytest.mark.parametrize("word", ["2022", "3-й", "а", "at", "法律", "한국", "العربية", "ბათუმი", "", "'s", "\u0301"])
def test_what_is_no_word_of_the_four_languages_is_itself_only(word: str) -> None:
    assert forms_of(word) == (fold(word),)


# --- Kazakh ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "lemma"),
    pairs(
        """
        тоқаев: Toqaevtyñ Toqaevqa
        мәжіліс: Mäjılıs Mäjılıste Mäjılıstıñ
        әкім: Äkım äkımnıñ äkımder
        қазақстан: Qazaqstannyñ
        ғылым: ğylym ğylymnyñ
        """
    ),
)
def test_kazakh_in_latin_letters_is_found_by_its_cyrillic_form_and_finds_it(word: str, lemma: str) -> None:
    assert lemma in forms_of(word)
    assert fold(word) in forms_of(word)


@pytest.mark.parametrize(
    ("word", "lemma"), [("Iraq's", "Iraq"), ("Iraqis", "Iraqi"), ("Qataris", "Qatari"), ("faqs", "faq")]
)
def test_an_english_word_with_a_q_is_found_by_its_dictionary_form(word: str, lemma: str) -> None:
    assert fold(lemma) in forms_of(word)


def test_a_kazakh_name_in_latin_letters_reaches_the_keys_of_all_its_spellings() -> None:
    for spelling in ("Тоқаев", "Токаев", "Tokayev", "Toqaev"):
        assert names_of("Toqaevtyñ") & names_of(spelling), spelling
    assert not names_of("Toqaevtyñ") & names_of("Назарбаев")


@pytest.mark.parametrize(
    ("word", "lemma"),
    pairs(
        """
        бала: балалер баланің балаге баладе баладен баласі баласін
        қала: қалалер қаласі қаласінде қаланің
        заң: заңнің заңдер заңге заңі заңін заңінде заңіміз заңім
        жыл: жылдің жылдер жылге жылі жылінде
        облыс: облыстің облысте облыстер облысі
        халық: халқі халықтер халқінің
        орын: орні орніна
        мектеп: мектептар мектептың мектепқа мектебында
        үкімет: үкіметтың үкіметта үкіметқа
        әкім: әкімның әкімға әкімды әкімдар әкімымыз
        мәжіліс: мәжілістың мәжіліста мәжілісында
        ерін: ерны
        депутат: депутаттер депутатке
        жаңаөзен: жаңаөзенда жаңаөзендағы жаңаөзенға
        қазақстан: қазақстанде қазақстанге қазақстандегі
        """
    ),
)
def test_a_kazakh_ending_out_of_harmony_with_the_word_makes_no_form_of_it(word: str, lemma: str) -> None:
    assert fold(lemma) not in forms_of(word)


@pytest.mark.parametrize(
    ("word", "lemma"), pairs("факт: фактілер фактісі\nмодель: моделі\nкомиссия: комиссияның\nсаммит: саммитке")
)
def test_a_foreign_word_takes_the_endings_of_either_harmony(word: str, lemma: str) -> None:
    assert fold(lemma) in forms_of(word)


def test_words_in_letters_that_others_use_too_stay_latin() -> None:
    for word in ("señor", "año", "cliché", "quorum", "Tokayev"):
        assert fold(word) == fold(word)


def scores(lemmas: Callable[[str], tuple[str, ...]], path: Path) -> tuple[float, float]:
    """Recall and precision of a table of forms: of its own lemmas, which inflected forms reach, and which wrongly."""
    gold: dict[str, set[str]] = defaultdict(set)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            gold[fold(row["form"])].add(fold(row["lemma"]))
    known = set().union(*gold.values())
    right = missed = wrong = 0
    for form, theirs in gold.items():
        reached = set(lemmas(form)) - {form}
        right += len((theirs - {form}) & reached)
        missed += len(theirs - {form} - reached)
        wrong += len((reached & known) - theirs)
    assert right + missed > 500
    return right / (right + missed), right / (right + wrong)


def test_the_shared_kazakh_forms_reach_their_lemmas_and_few_others(shared: Path) -> None:
    recall, precision = scores(kazakh.lemmas, shared / "data/morphology/kazakh_forms.tsv")
    assert recall >= 0.95
    assert precision >= 0.98


def test_the_russian_rules_on_kazakh_words_do_little_harm(shared: Path) -> None:
    recall, precision = scores(forms_of, shared / "data/morphology/kazakh_forms.tsv")
    assert recall >= 0.95
    assert precision >= 0.97


# --- names -----------------------------------------------------------------------------------------------------------


def groups_of_names(shared: Path) -> list[list[str]]:
    """The spellings of each name."""
    lines = (shared / "data/morphology/names.tsv").read_text("utf-8").splitlines()
    return [[name for name in line.split("\t") if name] for line in lines if line]


def share_a_key(one: str, other: str) -> bool:
    """Whether two names belong together, part by part."""
    parts = list(zip(one.split("-"), other.split("-"), strict=True))
    return all(names_of(a) & names_of(b) for a, b in parts)


def test_every_spelling_of_a_shared_name_shares_a_key_with_the_first(shared: Path) -> None:
    groups = groups_of_names(shared)
    assert len(groups) >= 5
    assert [(group[0], name) for group in groups for name in group if not share_a_key(group[0], name)] == []


def test_no_two_of_the_shared_names_share_a_key(shared: Path) -> None:
    keys = [
        (number, key)
        for number, group in enumerate(groups_of_names(shared))
        for key in {key for name in group for part in name.split("-") for key in names_of(part)}
    ]
    assert len({key for _, key in keys}) == len(keys)


@pytest.mark.parametrize("word", ["Tокаев", "Cенат", "Pахимов", "Xамитов", "Нұрcұлтан", "Bладимиров"])
def test_a_latin_letter_that_looks_cyrillic_does_not_hide_a_word(word: str) -> None:
    cyrillic = word.translate(str.maketrans("TCPXcB", "ТСРХсВ"))
    assert fold(word) == fold(cyrillic) != word.casefold()
    assert forms_of(word) == forms_of(cyrillic)


@pytest.mark.parametrize("word", ["Pахимов", "Xамитов", "Нұрcұлтан", "Bладимиров"])
def test_a_latin_letter_that_looks_cyrillic_does_not_hide_a_name(word: str) -> None:
    assert name_key(fold(word)) in names_of(word)


def test_a_capital_latin_h_is_a_cyrillic_n() -> None:
    assert fold("Hазарбаев") == "назарбаев"


def test_a_latin_letter_with_its_dots_is_a_look_alike_too() -> None:
    assert fold("ëлка") == "елка"


# --- laws ------------------------------------------------------------------------------------------------------------

_CYRILLIC = "лар лер дар тер ымыз іміз ы і сы сі ысы ісі ының нің ндағы да нан ами ого ему ся ова ева ин ых ью ться сии"
_LATIN = "s es ed ing ies ves qu gu c j ie ue ar er ir ieron iendo arse los a e i o u ñ ä ğ ş q 'a s'"
_CYRILLIC_HEAPS, _LATIN_HEAPS = (
    st.lists(st.sampled_from(endings.split()), max_size=8).map("".join) for endings in (_CYRILLIC, _LATIN)
)
_HEAPS = _CYRILLIC_HEAPS | _LATIN_HEAPS | st.tuples(_CYRILLIC_HEAPS, _LATIN_HEAPS).map("".join)


@given(st.text(max_size=90) | _HEAPS)
def test_any_word_has_its_folded_form_first_and_few_others(word: str) -> None:
    forms = forms_of(word)
    assert forms[0] == fold(word)
    assert len(forms) == len(set(forms)) <= MAX_FORMS
    assert all(len(form) >= 2 for form in forms[1:])


@given(_CYRILLIC_HEAPS | _LATIN_HEAPS)
def test_a_word_as_it_is_typed_finds_itself(word: str) -> None:
    assume(len(fold(word)) > 2)  # short ones: see the next test
    assert fold(word) in forms_of(word)


@pytest.mark.parametrize("word", ["äl", "iş", "Ş", "ğa", "тоқäев"])
def test_a_short_or_a_mixed_word_with_latin_letters_of_kazakh_finds_itself(word: str) -> None:
    assert fold(word) in forms_of(word)


@given(st.text(max_size=90) | _HEAPS)
def test_case_changes_no_form_of_a_word(word: str) -> None:
    if word.upper().lower() == word.lower() and fold(word.upper()) == fold(word):
        assert forms_of(word.upper()) == forms_of(word)


@given(st.text(max_size=90) | _HEAPS)
def test_any_word_has_few_name_keys_of_letters(word: str) -> None:
    keys = names_of(word)
    assert len(keys) <= 6 * 17
    assert all(len(key) > 1 and key.isalpha() for key in keys)


# --- bounded time and memory -----------------------------------------------------------------------------------------

LONG = ["ж", "а", "Aa", "Абв", "лар", "ының", "ies", "ñ", "q\u0301", "\u00ad", "ä", "İ", "ﷺ", "7"]


@pytest.mark.parametrize("piece", LONG)
def test_a_megabyte_without_a_space_has_the_forms_of_its_beginning(piece: str) -> None:
    # trust: D08
    word = piece * (1_000_000 // len(piece))
    with at_most_lines(20_000):
        forms = forms_of(word)
    assert len(forms) <= MAX_FORMS
    assert forms == forms_of(word[: MAX_WORD + 2])


@pytest.mark.parametrize(
    "piece",
    LONG,
)
def test_a_megabyte_without_a_space_is_matched_in_bounded_time(piece: str) -> None:
    # trust: D08
    index = TopicIndex.of((compile_topic(1, "law", {"any": "law OR ~Tokayev OR рефо*"}),))
    held = MatchText({"title": piece * (1_000_000 // len(piece)), "summary": "", "content": ""})
    with at_most_lines(50_000):
        index._candidates(held)


@pytest.mark.parametrize("letter", ["ß", "ﷺ", "ﬃ"])
def test_a_folded_word_is_never_longer_than_the_longest(letter: str) -> None:
    assert len(fold(letter * MAX_WORD)) <= MAX_WORD


def test_an_index_remembers_no_megabytes_of_a_word() -> None:
    # trust: D08
    index = TopicIndex.of((compile_topic(1, "law", {"any": "law"}),))
    index.match(MatchText({"title": "Ж" * 100_000 + " law", "summary": "", "content": ""}))
    assert max(len(word) for word in index._reached) <= 2 * MAX_WORD
