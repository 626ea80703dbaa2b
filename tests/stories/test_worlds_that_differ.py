"""What is refused because production is not as it should be, or not as the settings say."""

from tests.stories.stage import Stage, wait_until


def test_servers_that_differ(stage: Stage) -> None:
    shipped = stage.lab.ship("4.0.0")
    other = stage.lab.ship("4.0.4")
    stage.lab.deploy("web-server-1", str(other.digest))
    wait_until(lambda: stage.lab.version_of("web-server-1") == other.commit, what="web-server-1 serves the other")

    stage.refuses(stage.request(shipped), rf"^the servers differ \(web-server-1 serves {other.commit[:7]}")


def test_a_balancer_that_knows_a_server_we_do_not(stage: Stage) -> None:
    shipped = stage.lab.ship("4.0.0")
    first, second = stage.words["fleet"]["servers"]
    stage.change_settings(fleet={"servers": [first, {**second, "balancer_name": "web-2"}]})

    stage.refuses(
        stage.request(shipped), r"^the balancer sends traffic to web-server-2, which the settings do not name"
    )


def test_a_server_that_the_balancer_does_not_know(stage: Stage) -> None:
    shipped = stage.lab.ship("4.0.0")
    servers = stage.words["fleet"]["servers"]
    stage.change_settings(
        fleet={"servers": [*servers, {**servers[0], "name": "web-server-3", "balancer_name": "web-server-3"}]}
    )

    stage.refuses(stage.request(shipped), r"^balancer_name: the balancer knows no web-server-3; it knows web")
