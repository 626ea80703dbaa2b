"""Which paths two leads look after."""

import pytest

from policy.sensitive_paths import SensitivePaths

PATHS = SensitivePaths()


@pytest.mark.parametrize(
    ("path", "leads"),
    [
        pytest.param("src/auth/login.ts", "security", id="authentication"),
        pytest.param("src/lib/encryption.ts", "security", id="encryption"),
        pytest.param("src/payments/charge.ts", "security", id="payment"),
        pytest.param("src/rbac/roles.ts", "security", id="roles"),
        pytest.param("src/lib/audit-log.ts", "security", id="audit log"),
        pytest.param("src/authors/page.tsx", "", id="authors are no authentication"),
        pytest.param("docker-compose.prod.yml", "infrastructure", id="compose file"),
        pytest.param(".github/workflows/ci.yml", "infrastructure", id="workflow"),
        pytest.param("infra/auth/Dockerfile", "security, infrastructure", id="both"),
        pytest.param("src/search.ts", "", id="code"),
    ],
)
def test_paths_belong_to_the_lead_who_looks_after_them(path: str, leads: str) -> None:
    assert PATHS.list_security_critical([path]) == ((path,) if "security" in leads else ())
    assert PATHS.list_infrastructure([path]) == ((path,) if "infrastructure" in leads else ())


def test_a_company_has_paths_of_its_own() -> None:
    own = SensitivePaths(security_critical=("records/**",))

    assert own.list_security_critical(["records/b.ts", "records/a.ts", "src/auth/a.ts"]) == (
        "records/a.ts",
        "records/b.ts",
    )
