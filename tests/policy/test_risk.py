"""How risky is a change set, and why (1.3.5)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from policy.limits import Risk
from policy.risk import ChangeSet, Commit, assess_risk, list_migrations, say_reasons
from policy.risk_rules import RiskRules
from policy.sensitive_paths import SensitivePaths

RULES = RiskRules()


def commit(subject: str, *, body: str = "", parents: int = 1) -> Commit:
    return Commit("b2b2b2b", subject, "Dev Anand", "danand", "dev@holilabs.xyz", 7, body=body, parents=parents)


def change(
    *files: str, subject: str = "feat: search", labels: tuple[str, ...] = (), complete: bool = True
) -> ChangeSet:
    return ChangeSet("a1a1a1a", "b2b2b2b", (commit(subject),), files, labels, complete)


@pytest.mark.parametrize(
    ("changes", "risk", "says"),
    [
        pytest.param(
            change("prisma/migrations/20261124_x/migration.sql"),
            Risk.HIGH,
            "database migration",
            id="migration",
        ),
        pytest.param(
            change("apps/api/prisma/migrations/1_x/migration.sql", subject="fix: index"),
            Risk.HIGH,
            "database migration",
            id="a migration in a workspace, called a fix",
        ),
        pytest.param(change("prisma/schema.prisma"), Risk.HIGH, "database schema", id="schema"),
        pytest.param(
            change("prisma/schema/patient.prisma", subject="fix: index"),
            Risk.HIGH,
            "database schema",
            id="schema of several files",
        ),
        pytest.param(change("packages/db/prisma/models/visit.prisma"), Risk.HIGH, "database schema", id="a model"),
        pytest.param(change("src/lib/auth.ts"), Risk.HIGH, "authentication (src/lib/auth.ts)", id="auth file"),
        pytest.param(change("src/auth/session.ts", "README.md"), Risk.HIGH, "authentication", id="auth folder"),
        pytest.param(change("src/middleware.ts"), Risk.HIGH, "authentication", id="middleware"),
        pytest.param(change("src/payments/charge.ts"), Risk.HIGH, "payment", id="payment"),
        pytest.param(change("src/lib/stripe-client.ts"), Risk.HIGH, "payment", id="stripe"),
        pytest.param(change("src/authors/page.tsx"), Risk.MEDIUM, "code", id="authors are no authentication"),
        pytest.param(change("pnpm-lock.yaml", subject="fix: audit"), Risk.MEDIUM, "dependencies", id="lockfile"),
        pytest.param(change("Dockerfile"), Risk.MEDIUM, "infrastructure", id="Dockerfile"),
        pytest.param(change(".github/workflows/ci.yml"), Risk.MEDIUM, "infrastructure", id="workflow"),
        pytest.param(change("src/search.ts"), Risk.MEDIUM, "code (src/search.ts)", id="feature"),
        pytest.param(change("src/search.ts", subject="fix(search): empty"), Risk.LOW, "bug fix", id="bug fix"),
        pytest.param(change("src/search.ts", subject="fix!: drop v1"), Risk.MEDIUM, "code", id="a breaking fix"),
        pytest.param(change("src/search.ts", subject="fixture: x"), Risk.MEDIUM, "code", id="not a fix"),
        pytest.param(change("docs/api.md", "src/a.test.ts"), Risk.LOW, "documents, copy or tests", id="docs"),
        pytest.param(
            change("config/flags.json", subject="fix: flag"),
            Risk.MEDIUM,
            "never below medium",
            id="CrowdStrike 2024, Cloudflare 2019 and 2025: only data",
        ),
        *(
            pytest.param(change(path, subject="fix: x"), Risk.MEDIUM, "never below medium", id=f"only data: {path}")
            for path in (
                "src/rules/channel-291.json",
                "src/feature_flags.ts",
                "app/limits.csv",
                "server/log4j.properties",
            )
        ),
        pytest.param(
            change("src/locales/es.json", subject="fix: typo"), Risk.LOW, "copy", id="copy is no configuration"
        ),
        pytest.param(change("weird/thing.xyz", subject="fix: x"), Risk.MEDIUM, "no rule knows", id="unrecognised"),
        pytest.param(change("docs/a.md", labels=("Security",)), Risk.HIGH, "label 'Security'", id="label"),
        pytest.param(change("docs/a.md", labels=("feature", "x")), Risk.MEDIUM, "label 'feature'", id="labels"),
        pytest.param(change("docs/a.md", complete=False), Risk.HIGH, "is not complete", id="incomplete"),
        pytest.param(change(), Risk.MEDIUM, "no file is named between a1a1a1a and b2b2b2b", id="no files"),
        pytest.param(
            change("src/a.ts", "src/b.ts", "src/c.ts", "src/d.ts"), Risk.MEDIUM, "and 2 more", id="many files"
        ),
    ],
)
def test_the_risk_follows_from_paths_labels_and_subjects(changes: ChangeSet, risk: Risk, says: str) -> None:
    assessment = assess_risk(changes, rules=RULES, raised_to=None)

    assert assessment.risk is risk, assessment
    assert assessment.reasons[0].startswith(f"{risk}: ")
    assert any(says in reason for reason in assessment.reasons), assessment


@pytest.mark.parametrize(
    "path",
    [
        "src/services/AuthService.ts",
        "src/hooks/useAuth.ts",
        "src/contexts/AuthContext.tsx",
        "src/app/(auth)/layout.tsx",
        "src/app/sign-in/page.tsx",
        "src/app/signin/page.tsx",
        "src/components/SignInForm.tsx",
        "src/hooks/useSignIn.ts",
        "src/app/sign-up/page.tsx",
        "src/app/forgot-password/page.tsx",
        "src/user/resetPassword.ts",
        "src/proxy.ts",
        "src/lib/mfa.ts",
        "src/lib/two-factor.ts",
        "src/lib/verifyOtp.ts",
        "src/lib/sso/index.ts",
        "src/lib/saml.ts",
        "src/lib/auth0.ts",
        "src/lib/authz.ts",
        "src/lib/nextAuthOptions.ts",
        "src/lib/auth-utils/index.ts",
        "src/next-auth/index.ts",
        "src/isAuthenticated.ts",
        "src/hooks/useSession.ts",
        "src/services/billingService.ts",
        "src/billing-portal/page.tsx",
        "src/hooks/usePayment.ts",
        "src/lib/stripe/client.ts",
        "src/checkoutService.ts",
        "src/lib/refunds.ts",
    ],
)
def test_how_people_prove_who_they_are_and_what_moves_money_is_no_bug_fix(path: str) -> None:
    assessment = assess_risk(change(path, subject="fix: typo"), rules=RULES, raised_to=None)

    assert assessment.risk is Risk.HIGH, assessment
    assert SensitivePaths().list_security_critical([path]) == (path,)


@pytest.mark.parametrize(
    "path",
    [
        "src/authors/page.tsx",
        "src/components/AuthorCard.tsx",
        "src/lib/authorService.ts",
        "src/lib/authority.ts",
        "src/lib/signing.ts",
        "src/assignInput.ts",
        "src/designIndex.ts",
        "src/blogIndex.ts",
        "src/espresso.ts",
        "src/discharge.ts",
        "src/components/ProxyCard.tsx",
        "src/hooks/useAuth.test.ts",
        "src/auth/__tests__/login.ts",
        "src/lib/stripe.spec.ts",
        "docs/reset-password.md",
    ],
)
def test_what_only_sounds_like_it_or_is_never_served_is_low(path: str) -> None:
    assert assess_risk(change(path, subject="fix: typo"), rules=RULES, raised_to=None).risk is Risk.LOW


def test_merges_do_not_hide_that_all_commits_are_fixes() -> None:
    commits = (commit("Merge pull request #7 from fix", parents=2), commit("fix: empty search"))
    changes = ChangeSet("a1", "b2", commits, ("src/search.ts",), (), complete=True)

    assert assess_risk(changes, rules=RULES, raised_to=None).risk is Risk.LOW


def test_merges_alone_are_no_fixes() -> None:
    merge = commit("Merge pull request #7", parents=2)
    changes = ChangeSet("a1", "b2", (merge,), ("src/search.ts",), (), complete=True)

    assert assess_risk(changes, rules=RULES, raised_to=None).risk is Risk.MEDIUM


def test_a_commit_that_is_called_a_merge_is_none() -> None:
    commits = (commit("fix: typo"), commit("Merge duplicate patient records in the search (#12)"))
    changes = ChangeSet("a1", "b2", commits, ("src/search.ts",), (), complete=True)

    assert assess_risk(changes, rules=RULES, raised_to=None).risk is Risk.MEDIUM


@pytest.mark.parametrize(
    ("body", "risk"),
    [
        pytest.param("BREAKING CHANGE: v1 is gone", Risk.MEDIUM, id="a footer"),
        pytest.param("* fix: empty search\n* fix!: drop v1", Risk.MEDIUM, id="a mark among what was squashed"),
        pytest.param("BREAKING CHANGE: none", Risk.LOW, id="a footer that says none"),
        pytest.param("A footer such as `BREAKING CHANGE: x` would be one.", Risk.LOW, id="G10 quoted in a sentence"),
        pytest.param("", Risk.LOW, id="no body"),
    ],
)
def test_a_fix_that_says_below_that_it_breaks_something_is_no_bug_fix(body: str, risk: Risk) -> None:
    commits = (commit("fix: typo"), commit("fix: drop v1", body=body))
    changes = ChangeSet("a1", "b2", commits, ("src/search.ts",), (), complete=True)

    assert assess_risk(changes, rules=RULES, raised_to=None).risk is risk


def test_a_person_may_raise_the_risk() -> None:
    assessment = assess_risk(change("docs/a.md"), rules=RULES, raised_to=Risk.HIGH)

    assert assessment.risk is Risk.HIGH
    assert assessment.reasons[0] == "high: raised from low to high by the request"


def test_nobody_may_lower_the_risk() -> None:
    assessment = assess_risk(change("src/auth/a.ts"), rules=RULES, raised_to=Risk.LOW)

    assert assessment.risk is Risk.HIGH
    assert any("never lower it" in reason for reason in assessment.reasons)


def test_a_migration_whose_file_a_revert_took_away_is_not_carried_out_again() -> None:
    changes = replace(change("prisma/migrations/1_a/migration.sql"), gone=("prisma/migrations/1_a/migration.sql",))

    assert list_migrations(changes) == ()
    assert assess_risk(changes, rules=RULES, raised_to=None).risk is Risk.HIGH


@pytest.mark.parametrize("path", ["prisma/schema.prisma", "prisma/schema/patient.prisma", "prisma/models/visit.prisma"])
def test_the_schema_is_as_risky_as_the_migration_that_comes_with_it(path: str) -> None:
    changes = change("prisma/migrations/1_a/migration.sql", path)

    assessment = assess_risk(changes, rules=RULES, raised_to=None, migrations=((Risk.LOW, "1_a is safe"),))

    assert assessment.reasons == ("low: 1_a is safe",)


def test_the_same_risk_as_found_adds_no_reason() -> None:
    found = assess_risk(change("docs/a.md"), rules=RULES, raised_to=None)

    assert assess_risk(change("docs/a.md"), rules=RULES, raised_to=Risk.LOW) == found


def test_migrations_are_listed_in_order_and_what_takes_one_back_is_none() -> None:
    changes = change(
        "prisma/migrations/2_b/migration.sql",
        "prisma/migrations/migration_lock.toml",
        "prisma/migrations/1_a/migration.sql",
        "prisma/migrations/1_a/down.sql",
        "src/a.ts",
    )

    assert list_migrations(changes) == (
        "prisma/migrations/1_a/migration.sql",
        "prisma/migrations/2_b/migration.sql",
    )


def test_a_company_has_patterns_of_its_own() -> None:
    rules = RiskRules.model_validate({"migrations": ["db/*.sql"], "labels": {"hot": "high"}})

    assert list_migrations(change("db/1.sql"), rules=rules) == ("db/1.sql",)
    assert assess_risk(change("docs/a.md", labels=("HOT",)), rules=rules, raised_to=None).risk is Risk.HIGH


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(ValidationError, match="migration_paths"):
        RiskRules.model_validate({"migration_paths": []})


def test_authors_are_known_by_every_name_they_used() -> None:
    anonymous = Commit("c3", "x", "", None, "ana@holilabs.xyz", None)
    changes = ChangeSet("a1", "b2", (commit("x"), anonymous), (), (), complete=True)

    assert changes.authors == {"Dev Anand", "danand", "dev@holilabs.xyz", "ana@holilabs.xyz"}


paths = st.sampled_from(
    ["docs/a.md", "src/a.ts", "src/auth/a.ts", "pnpm-lock.yaml", "prisma/migrations/1/migration.sql", "x/y.z"]
)


@given(st.sets(paths), paths, st.sampled_from([None, *Risk]))
def test_another_file_or_a_wish_never_lowers_the_risk(files: set[str], another: str, raised_to: Risk | None) -> None:
    before = assess_risk(change(*files, "docs/b.md"), rules=RULES, raised_to=None)
    after = assess_risk(change(*files, "docs/b.md", another), rules=RULES, raised_to=raised_to)

    assert after.risk.rank >= before.risk.rank
    assert after.reasons


def test_the_reasons_of_the_risk_itself_do_not_say_it_again() -> None:
    said = say_reasons(Risk.MEDIUM, ("medium: code (src/a.ts)", "low: documentation (README.md)", "on a branch"))

    assert said == "code (src/a.ts); low: documentation (README.md); on a branch"
