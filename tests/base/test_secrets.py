from __future__ import annotations

import random
import string
from collections.abc import Callable

import pytest

from nbtrack.base.secrets import MARK, is_secret_name, redact, redact_value

# Secrets are put together here, of parts, so that no scanner finds one in this file.
_random = random.Random(20)


def made(alphabet: str, length: int) -> str:
    """Random letters of an alphabet, with a digit and a letter for sure."""
    return "".join(_random.choice(alphabet) for _ in range(length - 2)) + "7" + ("a" if "a" in alphabet else "A")


ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
UPPER32 = string.ascii_uppercase + "234567"
JWT = "ey" + "J" + made(ALNUM, 30) + ".ey" + "J" + made(ALNUM, 60) + "." + made(ALNUM, 43)
PEM = "\n".join(
    ["-----BEGIN RSA PRIV" + "ATE KEY-----", made(ALNUM, 64), made(ALNUM, 64), "-----END RSA PRIV" + "ATE KEY-----"]
)


def planted() -> dict[str, tuple[str, str]]:
    """Name of the case: the secret and a line of code, output or configuration with {} where it stands."""
    return {
        "aws id": ("AK" + "IA" + made(UPPER32, 16), "client = boto3.client('s3', aws_access_key_id='{}')"),
        "aws secret": (made(ALNUM + "/+", 40), "aws_secret_access_key = {}"),
        "github": ("gh" + "p_" + made(ALNUM, 36), "!git clone https://{}@github.com/a/b"),
        "github fine": ("github" + "_pat_" + made(ALNUM, 22) + "_" + made(ALNUM, 59), "x = '{}'"),
        "gitlab": ("gl" + "pat-" + made(ALNUM, 20), "pip install git+https://oauth2:{}@gitlab.com/a/b"),
        "slack": ("xo" + "xb-123456789012-" + made(ALNUM, 24), "print({})"),
        "slack hook": (
            "T0" + made(UPPER32, 8) + "/B0" + made(UPPER32, 8) + "/" + made(ALNUM, 24),
            "https://hooks.slack.com/services/{}",
        ),
        "google": ("AI" + "za" + made(ALNUM, 35), "maps = Client('{}')"),
        "openai": ("sk" + "-" + made(ALNUM, 48), "openai.api_key = '{}'"),
        "openai project": ("sk" + "-proj-" + made(ALNUM + "_-", 80) + "Q", "out: {}"),
        "anthropic": ("sk" + "-ant-api03-" + made(ALNUM + "-_", 90) + "AA", "Anthropic('{}')"),
        "hugging face": ("h" + "f_" + made(ALNUM, 34), "login('{}')"),
        "npm": ("np" + "m_" + made(ALNUM, 36), "//registry/:_authToken={}"),
        "pypi": ("py" + "pi-AgEIcHlwaS5vcmc" + made(ALNUM, 100), "twine upload -u __token__ -p {}"),
        "stripe": ("sk" + "_live_" + made(ALNUM, 24), "stripe.key = '{}'"),
        "wandb": (made(HEX, 40), "!wandb login {}"),
        "wandb in the environment": (made(HEX, 40), "%env WANDB_API_KEY={}"),
        "jwt": (JWT, "cookie {}"),
        "pem": (PEM, "key = '''{}'''"),
        "pem without end": (PEM.rpartition("\n")[0], "{}"),
        "address": ("p" + made(ALNUM, 10), "engine = create_engine('postgresql://me:{}@db.example/x')"),
        "bearer": (made(ALNUM, 32), "headers = {'Authorization': 'Bearer {}'}"),
        "bearer header": (made(ALNUM, 32), "curl -H 'authorization: bearer {}'"),
        "basic": (made(ALNUM, 32), "Authorization: Basic {}"),
        "environ": (made(ALNUM, 20), "os.environ['SOME_SERVICE_TOKEN'] = '{}'"),
        "setdefault": (made(ALNUM, 24), 'os.environ.setdefault("X_API_KEY", "{}")'),
        "json": (made(HEX, 24), '{"api_key": "{}"}'),
        "json in json": (made(HEX, 24), '"source": "{\\"api_key\\": \\"{}\\"}"'),
        "keyword": ("hunter2" + "hunter2", "connect(user='me', password='{}', port=1)"),
        "short password": ("hunt" + "er2", "db_password = '{}'"),
        "password with spaces": ("correct horse" + " battery", "passphrase: str = '{}'"),
        "other quote": ("it's-a-" + "s3cret", 'password = "{}"'),
        "annotated": (made(ALNUM, 16), "client_secret: str | None = '{}'"),
        "wrapped": (made(ALNUM, 24), "api_key = SecretStr('{}')"),
        "option": ("s3cr3t" + "pass", "!tool --password {} run"),
        "dotenv": (made(ALNUM, 14), "export DB_PASSWORD={}"),
        "yaml": (made(ALNUM, 24), "auth_token: {}"),
        "printed": (made(HEX, 32), "Your API key: {}"),
        "azure": (made(ALNUM, 86) + "==", "Protocol=https;AccountName=a;AccountKey={};EndpointSuffix=x"),
        "sendgrid": ("SG" + "." + made(ALNUM, 22) + "." + made(ALNUM, 43), "sg = '{}'"),
        "telegram": ("AA" + made(ALNUM, 33), "bot = Bot('123456789:{}')"),
        "kaggle": (made(HEX, 32), '{"username":"me","key":"{}"}'),
        "camel": (made(ALNUM, 18), "const accessToken = '{}'"),
    }  # fmt: skip


PLANTED = planted()

INNOCENT = [
    "tokenizer = AutoTokenizer.from_pretrained('bert-base-uncased')",
    "model.generate(max_tokens=2048, pad_token='<|endoftext|>')",
    "tokenizer.add_special_tokens({'pad_token': '[PADDING]', 'sep_token': 'separator'})",
    "token_count = 123456789012",
    "n_tokens=512, token_type='classification'",
    "password = os.environ['DB_PASSWORD']",
    'api_key = os.getenv("OPENAI_API_KEY")',
    "password = getpass('Enter your password: ')",
    "token = get_token()",
    "api_key = '<your api key>'",
    "api_key: str = 'YOUR_API_KEY'",
    "secret = '${MY_SECRET}'",
    "token = f'{user}-{session_number}'",
    "headers = {'Authorization': f'Bearer {token}'}",
    "url = f'postgresql://{user}:{password}@localhost/db'",
    "git commit 3f786850e387550fdab836ed7e6dc881de23001b",
    "sha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'",
    "wandb: Synced run at commit 3f786850e387550fdab836ed7e6dc881de23001b",
    "run id 550e8400-e29b-41d4-a716-446655440000",
    "risk-adjusted-returns-of-the-portfolio-2024 and task-sk-learn-compatible-estimators",
    "df[['username', 'password_length', 'secretary']]",
    "columns = ['password', 'username', 'department_name']",
    "the bearer of this letter, and the token economy: a study",
    "https://example.org:8080/path@version?x=1",
    "see https://user@example.org/a and mailto:me@example.org",
    "if token == 'separator_x': pass",
    "for token in tokens: counts[token] = counts.get(token, 0) + 1",
    "forward_pass = 'backpropagation'",
    "primary_key='customer_identifier', foreign_key='order_number_12'",
    "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----",
    "hf_model_name = 'distilbert'; key = 'value_of_something'",
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4",
    "password: None, token: null, secret = 'xxxxxxxxxxxx'",
    "def login(user: str, password: str, api_key: Optional[str] = None) -> Session:",
]


@pytest.mark.parametrize("case", PLANTED)
def test_a_planted_secret_is_redacted(case: str) -> None:
    secret, line = PLANTED[case]
    clean, count = redact(f"before\n{line.replace('{}', secret)}\nafter")
    assert secret not in clean
    assert clean.startswith("before\n")
    assert clean.endswith("\nafter") or case == "pem without end"
    assert count == 1, clean
    assert redact(clean) == (clean, 0)


def test_only_the_secret_itself_is_replaced() -> None:
    secret, line = PLANTED["keyword"]
    assert redact(line.replace("{}", secret)) == (line.replace("{}", MARK), 1)


@pytest.mark.parametrize("text", ["apikey='i-----BEGIN PRIVATE KEY-----_'", "apikey='://u:p@'"])
def test_what_is_redacted_is_a_whole_secret_even_if_only_its_rest_looks_like_one(text: str) -> None:
    clean, count = redact(text)
    assert clean == f"apikey='{MARK}'"
    assert count == 1
    assert redact(clean) == (clean, 0)


@pytest.mark.parametrize("text", INNOCENT)
def test_an_innocent_text_stays_as_it_is(text: str) -> None:
    assert redact(text) == (text, 0)


def test_all_planted_secrets_in_one_notebook_are_counted() -> None:
    text = "\n".join(line.replace("{}", secret) for case, (secret, line) in PLANTED.items() if "without" not in case)
    clean, count = redact(text)
    assert count == len(PLANTED) - 1
    assert not [case for case, (secret, _) in PLANTED.items() if "without" not in case and secret in clean]


@pytest.mark.parametrize(
    "piece",
    [
        "a", "token", "token=", "token='", 'password="', "sk-", "eyJ", "eyJa.", "://", "://a:",
        "-----BEGIN PRIV" + "ATE KEY-----", "wandb key ", "_", "Bearer ", "AKIA", "api_key: ", "key-",
        "'''\"", "\\\"token\\\": ", "xoxb-1", "İtoken",
    ],
)  # fmt: skip
def test_a_long_text_of_one_repeated_piece_takes_linear_time(piece: str, work_of: Callable[[str], int]) -> None:
    short, long = work_of(piece * 500), work_of(piece * 4000)
    assert long <= 16 * short + 2000


@pytest.fixture
def work_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], int]:
    """Counts calls of Python functions while redacting: the steps, whatever the machine's speed."""
    import sys

    def count(text: str) -> int:
        steps = 0

        def trace(_frame: object, event: str, _argument: object) -> None:
            nonlocal steps
            steps += event in ("call", "c_call")

        sys.setprofile(trace)
        try:
            redact(text)
        finally:
            sys.setprofile(None)
        return steps

    return count


@pytest.mark.parametrize(
    "name",
    [
        "password", "DB_PASSWORD", "dbPassword", "passwd", "api_key", "apikey", "API-KEY", "cfg.api_key",
        "Client.api_key", "HF_TOKEN", "token", "--token", "access_token_2", "aws_secret_access_key",
        "client_secret", "private_key",
        "Authorization", "credentials", "smtp_pass", "AccountKey",
    ],
)  # fmt: skip
def test_a_name_of_a_secret_is_known(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "tokenizer", "max_tokens", "token_count", "n_tokens", "pad_token", "eos_token", "token_type", "num_token",
        "special_token", "password_length", "API_KEY_ENV", "secretary", "author", "key", "primary_key", "forward_pass",
        "keyboard", "secret.lr", "compass", "", "lr", "tokens_per_second",
    ],
)  # fmt: skip
def test_a_name_about_something_else_is_no_secret(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("password", "ab", None),
        ("password", 1234, None),
        ("api_key", "abcd1234", None),
        ("cfg.token", b"abc", None),
        ("tokens", ["a", "b"], ["a", "b"]),
        ("api_keys", ["a", "b"], ["a", "b"]),
        ("token", 5, 5),
        ("token", "cat", "cat"),
        ("max_tokens", "2048", "2048"),
        ("password", "", ""),
        ("password", None, None),
        ("api_key", "OPENAI_API_KEY", "OPENAI_API_KEY"),
        ("lr", 0.1, 0.1),
    ],
)
def test_a_param_is_redacted_by_its_name(name: str, value: object, kept: object) -> None:
    if kept is None and value is not None:
        assert redact_value(name, value) == (MARK, True)
    else:
        assert redact_value(name, value) == (kept, False)


def test_a_param_is_redacted_by_its_value_too() -> None:
    token = PLANTED["github"][0]
    assert redact_value("note", f"with {token}") == (f"with {MARK}", True)
    assert redact_value("notes", ["a", token]) == (["a", MARK], True)
    assert redact_value("notes", ("a", token)) == (("a", MARK), True)
    assert redact_value("cfg", {"password": "abc", "lr": 1, 3: "x"}) == ({"password": MARK, "lr": 1, 3: "x"}, True)


def test_an_address_keeps_its_user_and_host() -> None:
    secret, _ = PLANTED["address"]
    assert redact(f"postgresql://me:{secret}@db.example/x") == (f"postgresql://me:{MARK}@db.example/x", 1)
