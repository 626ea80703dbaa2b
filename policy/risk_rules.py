"""Which paths and labels make a change set how risky (1.3.5)."""

from collections.abc import Mapping

from pydantic import Field

from policy.limits import Risk
from policy.table import Table

# Named one by one, for `**/*auth*` would take authors for it.
_PARTS_OF_AUTHENTICATION = (
    *("0", "action", "api", "button", "callback", "client", "config", "context", "controller", "cookie"),
    *("error", "form"),
    *("gate", "guard", "handler", "helper", "hook", "layout", "lib", "manager", "middleware", "modal", "module"),
    *("n", "options", "page", "provider", "repository", "resolver", "route", "schema", "screen", "server", "service"),
    *("session", "slice", "state", "store", "strategy", "token", "types", "user", "util", "view", "wrapper", "z"),
)


class RiskRules(Table):
    """Which paths and labels make a change set how risky; the defaults are those of 1.3.5."""

    migrations: tuple[str, ...] = Field(
        default=("**/prisma/migrations/**/*.sql", "**/migrations/**/*.sql"),
        description="High: migrations of the database.",
    )
    authentication: tuple[str, ...] = Field(
        default=(
            "**/*auth.*",
            "**/*auth/**",
            "**/auth-*",
            "**/auth-*/**",
            "**/auth_*",
            "**/auth_*/**",
            "**/(auth)/**",
            *(f"**/*auth{part}*" for part in _PARTS_OF_AUTHENTICATION),
            "**/auth0*/**",
            "**/*authz/**",
            "**/*authn/**",
            "**/*oauth*",
            "**/*oauth*/**",
            "**/*authenticat*",
            "**/authentication/**",
            "**/*authoriz*",
            "**/*authoris*",
            "**/authorization/**",
            "**/login/**",
            "**/(login)/**",
            "**/login*",
            "**/*login.*",
            "**/sign-in*/**",
            "**/sign-in*",
            "**/*-sign-in*",
            "**/signin/**",
            "**/*signin.*",
            "**/signin-*",
            *(f"**/signin{part}*" for part in ("button", "card", "form", "modal", "page", "screen", "view")),
            "**/sign-up/**",
            "**/sign-up*",
            "**/signup/**",
            "**/*signup*",
            "**/session*/**",
            "**/session*",
            "**/usesession*",
            "**/use-session*",
            "**/*jwt*",
            "**/*password*",
            "**/*password*/**",
            "**/*passkey*",
            "**/mfa*",
            "**/mfa*/**",
            "**/*-mfa*",
            *("**/2fa*", "**/*-2fa*", "**/*2fa.*"),
            "**/*two-factor*",
            "**/*twofactor*",
            "**/*totp*",
            "**/otp*",
            "**/*-otp*",
            "**/*otp.*",
            "**/sso*",
            "**/sso/**",
            "**/*-sso*",
            "**/*saml*",
            "**/*saml*/**",
            "**/*oidc*",
            "**/*oidc*/**",
            "**/*openid*",
            "**/middleware.*",
            "**/proxy.ts",
            "**/proxy.js",
        ),
        description="High: how people prove who they are; not tests or Markdown about it.",
    )
    payment: tuple[str, ...] = Field(
        default=(
            "**/payment*/**",
            "**/*payment*",
            "**/*paypal*",
            "**/billing*/**",
            "**/billing*",
            "**/*billing.*",
            "**/*-billing*",
            "**/*stripe*",
            "**/stripe/**",
            "**/checkout/**",
            "**/(checkout)/**",
            "**/checkout*",
            "**/*checkout.*",
            "**/*refund*",
        ),
        description="High: everything that moves money; not tests or Markdown about it.",
    )
    schema_files: tuple[str, ...] = Field(
        default=("**/*.prisma", "**/migration_lock.toml"),
        description="High: the description of the database, though no migration comes with it.",
    )
    dependencies: tuple[str, ...] = Field(
        default=(
            "**/package.json",
            "**/pnpm-lock.yaml",
            "**/package-lock.json",
            "**/yarn.lock",
            "**/uv.lock",
            "**/requirements*.txt",
            "**/pyproject.toml",
        ),
        description="Medium: dependencies.",
    )
    infrastructure: tuple[str, ...] = Field(
        default=(
            "**/Dockerfile*",
            "**/docker-compose*",
            "**/compose*.y*ml",
            ".github/workflows/**",
            "**/haproxy*",
            "**/nginx*",
            "**/*.tf",
        ),
        description="Medium: how the application is built and run.",
    )
    configuration: tuple[str, ...] = Field(
        default=(
            "config/**",
            "**/config/**",
            "**/*.config.*",
            "**/flags/**",
            "**/*flags*",
            "**/*.json",
            "**/*.json5",
            "**/*.jsonc",
            "**/*.csv",
            "**/*.xml",
            "**/*.properties",
            "**/*.toml",
            "**/*.ini",
            "**/*.y*ml",
            "**/.env*",
        ),
        description="Medium: data that reaches every server at once, without any code.",
    )
    source: tuple[str, ...] = Field(
        default=(
            "src/**",
            "app/**",
            "apps/**",
            "packages/**",
            "lib/**",
            "server/**",
            "pages/**",
            "components/**",
        ),
        description="Medium: code; low when every commit says that it fixes a bug.",
    )
    harmless: tuple[str, ...] = Field(
        default=(
            "docs/**",
            "**/*.md",
            "**/*.mdx",
            "**/locales/**",
            "**/i18n/**",
            "**/LICENSE*",
            "tests/**",
            "**/__tests__/**",
            "**/*.test.*",
            "**/*.spec.*",
        ),
        description="Low: documents, copy and tests.",
    )
    labels: Mapping[str, Risk] = Field(
        default={
            "risk: high": Risk.HIGH,
            "security": Risk.HIGH,
            "migration": Risk.HIGH,
            "payment": Risk.HIGH,
            "risk: medium": Risk.MEDIUM,
            "feature": Risk.MEDIUM,
            "enhancement": Risk.MEDIUM,
            "dependencies": Risk.MEDIUM,
            "performance": Risk.MEDIUM,
        },
        description="The least risk of a change set that carries the label; a label never lowers it.",
    )
