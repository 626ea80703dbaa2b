"""What is fixed in the folder of a lab: ports that are used long after they were chosen, and secrets that change."""

from pathlib import Path

from lab.home import Home, free_ports

MANY = tuple(f"service {number}" for number in range(300))


def test_of_two_labs_none_is_given_a_port_of_the_other_though_nobody_listens_there_yet() -> None:
    first, second = free_ports(MANY), free_ports(MANY)

    assert len(set(first.values())) == len(set(second.values())) == len(MANY)
    assert not set(first.values()) & set(second.values())


def test_whoever_reads_a_secret_while_it_changes_reads_the_one_before(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.write_secret("DEMO_PASSWORD", "one")

    with (home.secrets / "DEMO_PASSWORD").open() as reading:
        home.write_secret("DEMO_PASSWORD", "two")

        assert reading.read() == "one\n"
    assert home.secret("DEMO_PASSWORD") == "two"
