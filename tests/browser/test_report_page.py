"""The report, opened from disk with no network, as a reader of a paper's supplement does."""

from tests.unit.test_report import REPORT


def test_it_opens_without_a_network_and_is_accessible(chromium, violations, artifacts, tmp_path):
    from dlgn_cnn.plots.report import write_report

    path = write_report(REPORT, tmp_path / "report.html")
    context = chromium.new_context(offline=True)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    page.wait_for_function(
        "() => document.images.length == 10 && [...document.images].every(i => i.naturalWidth > 300)"
    )
    page.screenshot(path=artifacts / "report.png", full_page=True)
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert violations(page) == []
    context.close()
