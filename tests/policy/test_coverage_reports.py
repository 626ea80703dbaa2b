"""Cobertura XML, LCOV and istanbul's JSON summary."""

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.coverage_reports import LineCount, UnreadableReportError, read_coverage

COBERTURA = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">
<coverage lines-valid="5" lines-covered="3" line-rate="0.6" version="0.1">
  <sources><source>/home/runner/work/web/web</source></sources>
  <packages><package name="src"><classes>
    <class name="a.ts" filename="src/a.ts" line-rate="0.5">
      <methods><method name="f" hits="1"><lines><line number="1" hits="4"/></lines></method></methods>
      <lines><line number="1" hits="4"/><line number="2" hits="0" branch="false"/></lines>
    </class>
    <class name="a.inner" filename="src/a.ts">
      <lines><line number="2" hits="0"/><line number="3" hits="0"/></lines>
    </class>
    <class name="b.ts" filename="./src\\b.ts"><lines><line number="1" hits="1"/></lines></class>
    <class name="types.ts" filename="src/types.ts"><lines/></class>
  </classes></package></packages>
</coverage>
"""
LCOV = """TN:
SF:src/a.ts
FN:1,f
DA:1,4
DA:2,0,Zm9v
LF:2
LH:1
BRDA:1,0,0,1
end_of_record
TN:integration
SF:src/a.ts
DA:2,1
DA:3,0
end_of_record
SF:src/sums.ts
LF:10
LH:7
end_of_record
SF:src/types.ts
end_of_record
"""
SUMMARY = json.dumps(
    {
        "total": {"lines": {"total": 12, "covered": 9, "skipped": 0, "pct": 75}},
        "/home/runner/work/web/web/src/a.ts": {"lines": {"total": 12, "covered": 9, "skipped": 0, "pct": 75}},
        "/home/runner/work/web/web/src/types.ts": {"lines": {"total": 0, "covered": 0, "skipped": 0, "pct": "Unknown"}},
    }
)


def summary(total: object, **files: object) -> str:
    return json.dumps({"total": {"lines": total}} | {path: {"lines": lines} for path, lines in files.items()})


def lines(covered: object, total: object) -> object:
    return {"total": total, "covered": covered}


@pytest.mark.parametrize(
    ("text", "files"),
    [
        pytest.param(
            COBERTURA,
            {
                "/home/runner/work/web/web/src/a.ts": LineCount(1, 3),
                "/home/runner/work/web/web/src/b.ts": LineCount(1, 1),
                "/home/runner/work/web/web/src/types.ts": LineCount(0, 0),
            },
            id="Cobertura",
        ),
        pytest.param(
            COBERTURA.replace("<sources><source>/home/runner/work/web/web</source></sources>", ""),
            {"src/a.ts": LineCount(1, 3), "src/b.ts": LineCount(1, 1), "src/types.ts": LineCount(0, 0)},
            id="Cobertura without a source",
        ),
        pytest.param(
            COBERTURA.replace("/home/runner/work/web/web</source>", ".</source><source>lib</source>"),
            {"src/a.ts": LineCount(1, 3), "src/b.ts": LineCount(1, 1), "src/types.ts": LineCount(0, 0)},
            id="Cobertura with two sources: which one is not known",
        ),
        pytest.param(
            f"\ufeff\n{LCOV}",
            {"src/a.ts": LineCount(2, 3), "src/sums.ts": LineCount(7, 10), "src/types.ts": LineCount(0, 0)},
            id="LCOV, with two records of one file",
        ),
        pytest.param(
            "SF:D:\\work\\web\\src\\a.ts\nDA:1,1\nend_of_record",
            {"/work/web/src/a.ts": LineCount(1, 1)},
            id="LCOV of Windows",
        ),
        pytest.param(
            SUMMARY,
            {
                "/home/runner/work/web/web/src/a.ts": LineCount(9, 12),
                "/home/runner/work/web/web/src/types.ts": LineCount(0, 0),
            },
            id="JSON summary",
        ),
        pytest.param(
            "<coverage><class filename='/a'><line number='1' hits='1'/></class><line number='9' hits='0'/></coverage>",
            {"/a": LineCount(1, 1)},
            id="a line outside of a class is of no file",
        ),
    ],
)
def test_the_lines_of_each_file_are_read(text: str, files: Mapping[str, LineCount]) -> None:
    assert read_coverage(text) == files


BOMB = """<?xml version="1.0"?>
<!DOCTYPE coverage [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<coverage><source>&b;</source></coverage>"""
THIEF = (
    """<!DOCTYPE coverage [<!ENTITY file SYSTEM "file:///etc/passwd">]><coverage><source>&file;</source></coverage>"""
)
PARAMETER = """<!DOCTYPE coverage [<!ENTITY % all SYSTEM "http://127.0.0.1/x.dtd"> %all;]><coverage/>"""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("", "it is empty", id="empty"),
        pytest.param(" \n\t", "it is empty", id="blank"),
        pytest.param("hello", "it names no file", id="a word"),
        pytest.param("[]", "it names no file", id="a JSON list"),
        pytest.param("TN:\n", "it names no file", id="LCOV without a file"),
        pytest.param(LCOV.removesuffix("end_of_record\n"), "src/types.ts has no end_of_record", id="LCOV cut short"),
        pytest.param("SF:a\nSF:b\nend_of_record", "a has no end_of_record", id="LCOV, two files in one record"),
        pytest.param("SF:a\nDA:1,-3\nend_of_record", "'-3' stands where a number", id="LCOV, negative hits"),
        pytest.param("SF:a\nDA:1\nend_of_record", "'' stands where a number", id="LCOV, no hits"),
        pytest.param(f"SF:a\nDA:1,{'9' * 5000}\nend_of_record", "where a number", id="LCOV, an endless number"),
        pytest.param("SF:a\nDA:1,²\nend_of_record", "'²' stands where", id="LCOV, a digit that is no number"),
        pytest.param("SF:a\nLF:3\nLH:4\nend_of_record", "a has 4 of 3 lines covered", id="LCOV, more than there are"),
        pytest.param(COBERTURA[:400], "it is no whole XML", id="Cobertura cut short"),
        pytest.param("<html><body>Sign in</body></html>", "XML, and no Cobertura", id="a page"),
        pytest.param("<!DOCTYPE html><p>Sign in<br></p>", "it is no whole XML", id="a page that is no XML"),
        pytest.param("<coverage><class name='a'/></coverage>", "names no file", id="Cobertura, class without a file"),
        pytest.param(COBERTURA.replace('hits="4"', 'hits="many"'), "'many' stands", id="Cobertura, no number"),
        pytest.param(BOMB, "it declares the entity 'a'", id="XML that grows"),
        pytest.param(THIEF, "it declares the entity 'file'", id="XML that reads files"),
        pytest.param(PARAMETER, "it declares the entity 'all'", id="XML that fetches"),
        pytest.param("{", "it is no whole JSON: JSONDecodeError", id="JSON cut short"),
        pytest.param('{"a":' * 100_000, "it is no whole JSON: RecursionError", id="JSON too deep"),
        pytest.param("{}", "it has no total", id="JSON of something else"),
        pytest.param('{"total": 3}', "total has no lines", id="JSON, a number for a total"),
        pytest.param('{"total": {"lines": []}}', "total has no lines", id="JSON, a list for lines"),
        pytest.param(summary(lines(9, 12), a=lines(4, 6)), "6 lines, its total says 12", id="JSON, files missing"),
        pytest.param(summary(lines(9, 12)), "0 lines, its total says 12", id="JSON, no file"),
        pytest.param(summary(lines(9, 8), a=lines(9, 8)), "a has 9 of 8 lines", id="JSON, more than there are"),
        pytest.param(
            summary(lines(0, 1), a=lines(total=1, covered=True)), "True of 1 lines", id="JSON, yes is no number"
        ),
        pytest.param(summary(lines(0, 1), a=lines(0.5, 1)), "0.5 of 1 lines", id="JSON, half a line"),
        pytest.param(summary(lines(0, 1), a=lines(-1, 1)), "-1 of 1 lines", id="JSON, fewer than none"),
        pytest.param(summary(lines(0, 1), a=lines(None, "1")), "None of '1' lines", id="JSON, nothing"),
        pytest.param('{"total": {"lines": {"total": NaN, "covered": NaN}}}', "nan of nan", id="JSON, not a number"),
    ],
)
def test_what_is_no_whole_report_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(UnreadableReportError) as refusal:
        read_coverage(text)

    assert why in str(refusal.value)


def test_a_share_is_cut_not_rounded() -> None:
    assert str(LineCount(6997, 10_000)) == "69.9 % (6997 of 10000 lines)"
    assert str(LineCount(0, 0)) == "0.0 % (0 of 0 lines)"


@given(st.text())
def test_any_text_is_a_report_or_refused(text: str) -> None:
    try:
        found = read_coverage(text)
    except UnreadableReportError:
        return
    assert all(0 <= count.covered <= count.total for count in found.values())


@given(st.sampled_from([COBERTURA, LCOV, SUMMARY]), st.data())
def test_a_report_that_is_cut_is_refused_or_names_no_more_lines(text: str, data: st.DataObject) -> None:
    whole = read_coverage(text)
    try:
        cut = read_coverage(text[: data.draw(st.integers(0, len(text) - 1))])
    except UnreadableReportError:
        return
    assert all(cut[path].total <= whole[path].total for path in cut)
