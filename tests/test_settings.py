"""Porch, the configuration: defaults, file, environment, secrets; and errors that name the key."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from conftest import ROOT
from reformwatch.errors import ConfigError
from reformwatch.settings import (
    Settings,
    SourceKind,
    all_keys,
    build_settings,
    find_config,
    load_settings,
    shown,
    value_sources,
)

EXAMPLE = (ROOT / "config.example.toml").read_text(encoding="utf-8")
_COMMENTED_KEY = re.compile(r"^# ([a-z_]+ = .+)$", re.MULTILINE)
#: What is an example in the file, since its default is empty (or, for the database, depends on the user).
EXAMPLES = {
    ("database", "url"),
    ("http", "contact"),
    ("http", "allow_private"),
    ("alerts", "base_url"),
    ("smtp", "host"),
    ("smtp", "password_file"),
    ("smtp", "from"),
    ("smtp", "ca_file"),
    ("web", "listen"),
}


def uncommented() -> str:
    return _COMMENTED_KEY.sub(r"\1", EXAMPLE)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


# -- the example


def test_the_example_loads_as_it_stands_and_changes_nothing(tmp_path: Path) -> None:
    assert tomllib.loads(EXAMPLE) == {section: {} for section, _ in all_keys()}
    told, defaults = shown(load_settings(written(tmp_path, EXAMPLE))), shown(load_settings(None))
    told.pop("database")  # depends on the user's home, which each test has of its own
    defaults.pop("database")
    assert told == defaults


def test_every_key_stands_in_the_example_once_and_none_that_does_not_exist() -> None:
    given = [(section, key) for section, values in tomllib.loads(uncommented()).items() for key in values]
    assert sorted(given) == sorted(all_keys())


def test_the_example_loads_with_every_line_uncommented(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, uncommented()))
    assert settings.http.allow_private == ("192.168.10.0/24", "intranet.example.org")
    assert settings.smtp.sender == "reformwatch@example.org"


def test_every_commented_value_is_the_default_but_for_the_examples_of_what_is_empty() -> None:
    defaults = shown(load_settings(None))
    for section, values in tomllib.loads(uncommented()).items():
        for key, value in values.items():
            default = defaults[section][key]
            if (section, key) not in EXAMPLES:
                assert (value, type(value)) == (default, type(default)), f"[{section}] {key}"
            elif section != "database":
                assert default in ("", None, []), (
                    f"[{section}] {key} is shown with an example, its default is not empty"
                )


def test_the_keys_that_tests_and_benchmarks_rely_on_are_there() -> None:
    """DESIGN.md, section 7."""
    contract = {
        "database": {"url"},
        "http": {"contact", "deadline_s", "max_bytes", "workers", "per_host_gap_s", "allow_private"},
        "poll": {"tick_s", "min_interval_s", "max_interval_s", "lease_s"},
        "alerts": {"late_after_days", "burst_limit", "base_url"},
        "smtp": {"host", "port", "tls", "username", "password", "password_file", "from"},
        "webhook": {"deadline_s"},
        "web": {"listen"},
        "archive": {"keep_days"},
        "log": {"level", "format"},
    }
    assert {(section, key) for section, keys in contract.items() for key in keys} <= set(all_keys())


# -- refusals


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[poll]\ntik_s = 5", "[poll] tik_s: there is no such key"),
        ("[pol]\ntick_s = 5", "[pol]: there is no such key"),
        ("tick_s = 5", "[tick_s]: there is no such key"),
        ("[POLL]\ntick_s = 5", "[POLL]: there is no such key"),
        ("_env_file = 'more.env'", "[_env_file]: there is no such key"),
        ("[smtp]\nsender = 'a@b.example'", "[smtp] sender: there is no such key"),
        ("[poll]\ntick_s = 'often'", "[poll] tick_s: "),
        ("[poll]\ntick_s = 0", "[poll] tick_s: "),
        ("[poll]\nmin_interval_s = 10\nmax_interval_s = 5", "[poll]: max_interval_s is less than min_interval_s"),
        ("[http]\nworkers = 0", "[http] workers: "),
        ("[http]\nworkers = 1.5", "[http] workers: "),
        ("[http]\nallow_private = '10.0.0.0/8'", "[http] allow_private: "),
        ("[http]\nallow_private = [1]", "[http] allow_private.0: "),
        ("[smtp]\nport = 70000", "[smtp] port: "),
        ("[smtp]\ntls = 'maybe'", "[smtp] tls: "),
        ("[smtp]\npassword = 'x'\npassword_file = '/y'", "[smtp]: password and password_file are both given"),
        ("[web]\nlisten = 'nowhere'", "[web] listen: "),
        ("[alerts]\nbase_url = 'ftp://x.example'", "[alerts] base_url: "),
        ("[log]\nlevel = 'loud'", "[log] level: "),
        ("poll = 5", "[poll]: "),
    ],
)
def test_what_cannot_be_used_is_refused_with_file_and_key(tmp_path: Path, text: str, said: str) -> None:
    # trust: D22
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as refused:
        load_settings(path)
    assert refused.value.exit_code == 78
    assert str(refused.value).startswith(f"{path}: {said}")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[poll]\ntick_s = 'often'", "[poll] tick_s: a number is wanted, not 'often'"),
        ("[poll]\ntick_s = 0", "[poll] tick_s: a number > 0 is wanted, not 0"),
        ("[poll]\ntick_s = inf", "[poll] tick_s: a number with an end is wanted, not inf"),
        ("[http]\nworkers = 300", "[http] workers: a whole number <= 256 is wanted, not 300"),
        ("[http]\nworkers = 1.5", "[http] workers: a whole number is wanted, not 1.5"),
        ("[http]\nallow_private = [1]", "[http] allow_private.0: a text is wanted, not 1"),
        ("[http]\nallow_private = 'a'", "[http] allow_private: a list is wanted, not 'a'"),
        (
            "[http]\nallow_private = ['10.0.0.0/99']",
            "[http] allow_private.0: a network such as 10.0.0.0/8, or the name of a host, is wanted, not '10.0.0.0/99'",
        ),
        (
            "[poll]\nmin_interval_s = 10\nmax_interval_s = 5",
            "[poll]: max_interval_s is less than min_interval_s (5 < 10)",
        ),
        ("[alerts]\nbase_url = 'x'", "[alerts] base_url: an http or https address is wanted, not 'x'"),
        ("[smtp]\ntls = 'maybe'", "[smtp] tls: one of starttls, implicit, none is wanted, not 'maybe'"),
        ("[smtp]\nca_file = 5", "[smtp] ca_file: a path is wanted, not 5"),
        ("[web]\nlisten = 'x'", "[web] listen: host:port, such as 127.0.0.1:8080, is wanted, not 'x'"),
        ("poll = 5", "[poll]: a table of keys is wanted"),
    ],
)
def test_a_refusal_says_what_is_wanted_and_what_was_given(tmp_path: Path, text: str, said: str) -> None:
    # trust: D22
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as refused:
        load_settings(path)
    assert str(refused.value) == f"{path}: {said}"


def test_a_long_value_is_not_shown_whole(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=re.escape("[http] contact: a text of at most 200 characters is wanted, not 'xxx")
    ) as no:
        load_settings(written(tmp_path, f"[http]\ncontact = '{'x' * 5_000}'"))
    assert len(str(no.value)) < 400


def test_two_values_that_do_not_go_together_are_told_by_the_variable_that_is_one_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, "[poll]\nmin_interval_s = 10")
    monkeypatch.setenv("REFORMWATCH_POLL__MAX_INTERVAL_S", "5")
    with pytest.raises(ConfigError) as refused:
        load_settings(path)
    said = "[poll]: max_interval_s is less than min_interval_s (5 < 10)"
    assert str(refused.value) == f"environment variable REFORMWATCH_POLL__MAX_INTERVAL_S: {said}"


def test_a_password_beside_a_password_file_is_blamed_on_the_variable_and_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # trust: B20
    path = written(tmp_path, "[smtp]\npassword_file = '/run/secret'")
    monkeypatch.setenv("REFORMWATCH_SMTP__PASSWORD", "hunter2")
    with pytest.raises(ConfigError) as refused:
        load_settings(path)
    reason = "[smtp]: password and password_file are both given; give one"
    assert str(refused.value) == f"environment variable REFORMWATCH_SMTP__PASSWORD: {reason}"


@pytest.mark.parametrize("text", ["[poll]\ntick_s = '5'", "[http]\nworkers = '5'", "[http]\nworkers = 5.0"])
def test_the_file_has_numbers_where_numbers_are_wanted(tmp_path: Path, text: str) -> None:  # trust: D22
    with pytest.raises(ConfigError, match="number is wanted"):
        load_settings(written(tmp_path, text))


@pytest.mark.parametrize("text", ["[poll]\ntick_s = true", "[http]\nworkers = true", "[alerts]\nburst_limit = true"])
def test_true_is_not_a_number(tmp_path: Path, text: str) -> None:  # trust: D22
    with pytest.raises(ConfigError):
        load_settings(written(tmp_path, text))


def test_an_error_in_a_variable_is_told_by_the_name_of_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, "[http]\nallow_private = ['10.0.0.0/8']")
    monkeypatch.setenv("REFORMWATCH_HTTP__ALLOW_PRIVATE", '["10.0.0.0/8", "10.0.0.0/99"]')
    with pytest.raises(ConfigError) as refused:
        load_settings(path)
    assert str(refused.value).startswith(
        "environment variable REFORMWATCH_HTTP__ALLOW_PRIVATE: [http] allow_private.1: "
    )


def test_a_section_that_is_no_table_is_refused_without_being_shown(tmp_path: Path) -> None:  # trust: B20
    for text in ("database = 'postgresql://watch:hunter2@db/news'", "[[smtp]]\npassword = 'hunter2'"):
        with pytest.raises(ConfigError) as refused:
            load_settings(written(tmp_path, text))
        assert "hunter2" not in str(refused.value)


def test_a_section_that_is_no_table_is_refused_beside_a_variable_of_that_section(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REFORMWATCH_POLL__TICK_S", "7")
    with pytest.raises(ConfigError, match=re.escape("[poll]: a table of keys is wanted")):
        load_settings(written(tmp_path, "poll = 5"))


@pytest.mark.parametrize("number", ["inf", "nan", "-inf"])
def test_a_number_without_an_end_is_refused(tmp_path: Path, number: str) -> None:  # trust: D22
    with pytest.raises(ConfigError, match="tick_s"):
        load_settings(written(tmp_path, f"[poll]\ntick_s = {number}"))


@pytest.mark.parametrize("text", ["[poll\ntick_s = 5", "[poll]\ntick_s = 5\n[poll]\ntick_s = 6", "= 1"])
def test_a_file_that_is_not_toml_is_refused_with_its_line(tmp_path: Path, text: str) -> None:  # trust: D22
    path = written(tmp_path, text)
    with pytest.raises(ConfigError, match=r"line \d+") as refused:
        load_settings(path)
    assert str(refused.value).startswith(f"{path}: not valid TOML")


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes("[http]\ncontact = 'Қ'".encode("utf-16"))
    with pytest.raises(ConfigError, match="can't be read") as refused:
        load_settings(path)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize(
    "name",
    [
        "REFORMWATCH_POLL__TIK_S",
        "REFORMWATCH_POL__TICK_S",
        "REFORMWATCH_TICK_S",
        "REFORMWATCH_SMTP__SENDER",
        "REFORMWATCH_",
    ],
)
def test_a_variable_that_does_not_exist_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    # trust: D22
    monkeypatch.setenv(name, "5")
    with pytest.raises(ConfigError, match="there is no such setting") as refused:
        load_settings(None)
    assert f"{name}:" in str(refused.value)


def test_a_variable_that_does_not_exist_is_refused_though_it_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFORMWATCH_POLL__TIK_S", "")
    with pytest.raises(ConfigError, match="REFORMWATCH_POLL__TIK_S: there is no such setting"):
        load_settings(None)


def test_a_variable_of_another_program_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLL__TICK_S", "5")
    monkeypatch.setenv("XREFORMWATCH_POLL__TICK_S", "5")
    assert load_settings(None).poll.tick_s == 10


# -- the environment


def test_a_variable_comes_before_the_file_and_leaves_its_neighbours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, "[poll]\ntick_s = 5\nlease_s = 60\n[log]\nlevel = 'error'")
    monkeypatch.setenv("REFORMWATCH_POLL__TICK_S", "7")
    settings = load_settings(path)
    assert (settings.poll.tick_s, settings.poll.lease_s, settings.log.level) == (7, 60, "error")


@pytest.mark.parametrize(("section", "key"), all_keys(), ids=lambda part: str(part))
def test_every_key_can_be_set_by_its_variable(monkeypatch: pytest.MonkeyPatch, section: str, key: str) -> None:
    value: Any = tomllib.loads(uncommented())[section][key]
    if isinstance(value, int | float):
        value += 1
    elif key in {"password", "username"}:
        value = "changed"
    elif key in {"level", "format", "tls"}:
        value = {"level": "debug", "format": "json", "tls": "implicit"}[key]
    text = value if isinstance(value, str) else json.dumps(value)
    monkeypatch.setenv(f"REFORMWATCH_{section}__{key}".upper(), text)
    told = shown(load_settings(None))[section][key]
    assert told == ("**********" if key == "password" else value)
    monkeypatch.delenv(f"REFORMWATCH_{section}__{key}".upper())
    assert shown(load_settings(None))[section][key] != told


@pytest.mark.parametrize(("section", "key"), all_keys(), ids=lambda part: str(part))
def test_an_empty_variable_counts_as_not_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, section: str, key: str
) -> None:
    """DESIGN.md, section 7: a variable that a compose file leaves empty does not switch mail off."""
    value = tomllib.loads(uncommented())[section][key]
    path = written(tmp_path, f"[{section}]\n{key} = {json.dumps(value)}")
    monkeypatch.setenv(f"REFORMWATCH_{section}__{key}".upper(), "")
    settings = load_settings(path)
    assert shown(settings)[section][key] == value
    assert value_sources(settings, path)[section][key].kind is SourceKind.FILE


@pytest.mark.parametrize(
    ("name", "text", "refusal"),
    [
        ("REFORMWATCH_HTTP__WORKERS", "many", "[http] workers: a whole number is wanted, not 'many'"),
        ("REFORMWATCH_HTTP__WORKERS", "true", "[http] workers: a whole number is wanted, not 'true'"),
        ("REFORMWATCH_HTTP__WORKERS", "7.5", "[http] workers: a whole number is wanted, not '7.5'"),
        ("REFORMWATCH_HTTP__WORKERS", "0", "[http] workers: a whole number >= 1 is wanted, not 0"),
        ("REFORMWATCH_POLL__TICK_S", "nan", "[poll] tick_s: a number with an end is wanted, not nan"),
        ("REFORMWATCH_POLL__TICK_S", "1e999", "[poll] tick_s: a number with an end is wanted, not inf"),
        (
            "REFORMWATCH_HTTP__ALLOW_PRIVATE",
            "a",
            """[http] allow_private: a list in JSON, such as ["a", "b"], is wanted, not 'a'""",
        ),
        ("REFORMWATCH_SMTP__TLS", "x", "[smtp] tls: one of starttls, implicit, none is wanted, not 'x'"),
        ("reformwatch_smtp__port", "x", "[smtp] port: a whole number is wanted, not 'x'"),
    ],
)
def test_a_variable_that_cannot_be_used_is_refused_with_what_is_wanted_and_what_was_given(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, refusal: str
) -> None:  # trust: D22
    monkeypatch.setenv(name, text)
    with pytest.raises(ConfigError) as refused:
        load_settings(None)
    assert str(refused.value) == f"environment variable {name}: {refusal}"


@pytest.mark.parametrize(("text", "number"), [("7", 7), (" 7.5 ", 7.5), ("1e2", 100)])
def test_a_number_in_a_variable_is_a_text_that_says_it(
    monkeypatch: pytest.MonkeyPatch, text: str, number: float
) -> None:
    monkeypatch.setenv("REFORMWATCH_POLL__TICK_S", text)
    assert load_settings(None).poll.tick_s == number


def test_settings_that_are_built_of_values_read_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo has settings of its own, whatever the person who starts it has set."""
    monkeypatch.setenv("REFORMWATCH_POLL__TICK_S", "7")
    monkeypatch.setenv("REFORMWATCH_POLL__TIK_S", "7")
    assert build_settings({"poll": {"lease_s": 60}}).poll.tick_s == Settings().poll.tick_s == 10
    with pytest.raises(ConfigError, match=re.escape("configuration: [poll] tik_s: there is no such key")):
        build_settings({"poll": {"tik_s": 60}})
    with pytest.raises(ConfigError, match=re.escape("configuration: [pol]: there is no such key")):
        build_settings({"pol": {"tick_s": 60}})


def test_a_list_in_a_variable_is_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFORMWATCH_HTTP__ALLOW_PRIVATE", '["127.0.0.0/8", "intranet"]')
    assert load_settings(None).http.allow_private == ("127.0.0.0/8", "intranet")


@pytest.mark.parametrize("text", ["127.0.0.0/8", "[127.0.0.0/8]", '["a"', "null", "{}", " "])
def test_a_list_that_is_not_json_is_refused_and_its_spelling_is_told(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("REFORMWATCH_HTTP__ALLOW_PRIVATE", text)
    with pytest.raises(ConfigError) as refused:
        load_settings(None)
    assert refused.value.exit_code == 78
    assert "\n" not in str(refused.value)
    assert "[http] allow_private: " in str(refused.value)
    assert '["a", "b"]' in str(refused.value)


def test_an_error_in_a_variable_is_not_blamed_on_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "[poll]\nlease_s = 60")
    monkeypatch.setenv("REFORMWATCH_POLL__TICK_S", "often")
    with pytest.raises(ConfigError, match=re.escape("[poll] tick_s")) as refused:
        load_settings(path)
    assert str(path) not in str(refused.value)


# -- secrets


def test_secrets_are_masked_where_settings_are_shown(tmp_path: Path) -> None:  # trust: B20
    settings = load_settings(written(tmp_path, "[smtp]\npassword = 'hunter2'\nusername = 'watch'"))
    assert settings.smtp_password() == "hunter2"
    told = json.dumps(shown(settings))
    assert "hunter2" not in told + repr(settings) + str(settings)
    assert "watch" in told


def test_the_password_of_the_database_is_masked_where_settings_are_shown(tmp_path: Path) -> None:  # trust: B20
    path = written(tmp_path, "[database]\nurl = 'postgresql+psycopg://watch:hunter2@db.example/news'")
    settings = load_settings(path)
    assert settings.database.url.endswith("watch:hunter2@db.example/news")
    told = json.dumps(shown(settings))
    assert "db.example" in told
    assert "hunter2" not in told


@pytest.mark.parametrize(
    "text", ["[smtp]\npassword = 4711001\n", "[smtp]\npassword = ['4711001']\n", "[smtp]\npassword = {a = '4711001'}\n"]
)
def test_a_password_of_the_wrong_type_is_refused_without_being_shown(tmp_path: Path, text: str) -> None:
    # trust: B20, D22
    with pytest.raises(ConfigError, match=re.escape("[smtp] password")) as refused:
        load_settings(written(tmp_path, text))
    assert "4711001" not in str(refused.value)


def test_a_password_stands_in_a_file_of_its_own_without_its_line_break(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(" hünter 2 \r\n", encoding="utf-8")
    settings = load_settings(written(tmp_path, f"[smtp]\npassword_file = '{secret}'"))
    assert settings.smtp_password() == " hünter 2 "
    assert "hünter" not in json.dumps(shown(settings), ensure_ascii=False)


def test_a_password_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, f"[smtp]\npassword_file = '{tmp_path}/none'"))
    with pytest.raises(ConfigError, match=re.escape("[smtp] password_file")) as refused:
        settings.smtp_password()
    assert f"{tmp_path}/none" in str(refused.value)


def test_a_credential_of_systemd_is_found_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "smtp_password").write_text("from systemd\n")
    settings = load_settings(written(tmp_path, "[smtp]\npassword = 'from the file'"))
    assert settings.smtp_password() == "from the file"
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert settings.smtp_password() == "from systemd"
    own = tmp_path / "own"
    own.write_text("from its own file")
    named = load_settings(written(tmp_path, f"[smtp]\npassword_file = '{own}'"))
    assert named.smtp_password() == "from its own file"


def test_a_folder_of_credentials_without_ours_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert load_settings(written(tmp_path, "[smtp]\npassword = 'x'")).smtp_password() == "x"
    assert load_settings(None).smtp_password() == ""


# -- where a value comes from


def test_each_value_has_a_source_and_without_file_and_variables_it_is_the_default() -> None:
    sources = value_sources(load_settings(None), None)
    assert [(section, key) for section, keys in sources.items() for key in keys] == all_keys()
    assert {(source.kind, source.name) for keys in sources.values() for source in keys.values()} == {
        (SourceKind.DEFAULT, None)
    }


def test_the_source_of_a_value_is_its_variable_else_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "[smtp]\nfrom = 'a@b.example'\nport = 25\nhost = 'mail.example'")
    monkeypatch.setenv("REFORMWATCH_SMTP__PORT", "26")
    monkeypatch.setenv("reformwatch_smtp__username", "watch")
    smtp = value_sources(load_settings(path), path)["smtp"]
    assert {key: (source.kind, source.name) for key, source in smtp.items()} == {
        "host": (SourceKind.FILE, str(path)),
        "port": (SourceKind.VARIABLE, "REFORMWATCH_SMTP__PORT"),
        "tls": (SourceKind.DEFAULT, None),
        "username": (SourceKind.VARIABLE, "reformwatch_smtp__username"),
        "password": (SourceKind.DEFAULT, None),
        "password_file": (SourceKind.DEFAULT, None),
        "from": (SourceKind.FILE, str(path)),
        "ca_file": (SourceKind.DEFAULT, None),
    }


def test_a_value_that_the_file_gives_comes_from_the_file_though_it_is_the_default(tmp_path: Path) -> None:
    path = written(tmp_path, "[poll]\ntick_s = 10.0")
    assert value_sources(load_settings(path), path)["poll"]["tick_s"].kind is SourceKind.FILE


def test_the_source_of_the_password_is_where_it_is_read_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def source_of_password(text: str) -> tuple[SourceKind, str | None]:
        path = written(tmp_path, text)
        source = value_sources(load_settings(path), path)["smtp"]["password"]
        return source.kind, source.name

    path, secret = tmp_path / "config.toml", tmp_path / "secret"
    assert source_of_password("[smtp]\npassword = 'x'") == (SourceKind.FILE, str(path))
    assert source_of_password(f"[smtp]\npassword_file = '{secret}'") == (SourceKind.SECRET_FILE, str(secret))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert source_of_password("[smtp]\npassword = 'x'") == (SourceKind.FILE, str(path))
    (tmp_path / "smtp_password").write_text("hunter2")
    assert source_of_password("[smtp]\npassword = 'x'") == (SourceKind.CREDENTIAL, "smtp_password")
    assert source_of_password(f"[smtp]\npassword_file = '{secret}'") == (SourceKind.SECRET_FILE, str(secret))


# -- which file


def test_the_given_file_comes_before_the_variable_that_before_the_folder_and_that_before_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, home = tmp_path / "work", tmp_path / "xdg" / "reformwatch"
    work.mkdir()
    home.mkdir(parents=True)
    monkeypatch.chdir(work)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert find_config(None) is None
    written(home, "")
    assert find_config(None) == home / "config.toml"
    written(work, "")
    assert find_config(None) == Path("config.toml")
    named, given = tmp_path / "named.toml", tmp_path / "given.toml"
    named.touch()
    given.touch()
    monkeypatch.setenv("REFORMWATCH_CONFIG", str(named))
    assert find_config(None) == named
    assert find_config(given) == given


def test_a_file_that_is_named_and_not_there_is_an_error_not_a_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="no such configuration file"):
        find_config(tmp_path / "none.toml")
    monkeypatch.setenv("REFORMWATCH_CONFIG", str(tmp_path / "none.toml"))
    with pytest.raises(ConfigError, match=re.escape(str(tmp_path / "none.toml"))):
        find_config(None)


def test_settings_cannot_be_changed_once_they_are_read() -> None:
    settings = load_settings(None)
    with pytest.raises(ValidationError, match="frozen"):
        settings.poll.tick_s = 1  # type: ignore[misc]
    assert settings.poll.tick_s == 10
