import os
from desk import picture
from forms import Walk


def test_every_form_of_every_menu(people, server):
    table = {}
    import time

    for login in os.environ.get(
        "LOGINS",
        "admin policy survey_manager survey_officer inspector1 information auditor",
    ).split():
        page = people(login)
        walk = Walk(page, server)
        for menu in walk.menus:
            t = time.monotonic()
            try:
                model = walk.open(menu)
                result = walk.try_new(model)
            except Exception as e:
                result = "ERROR " + str(e)[:500]
            if not result.startswith("created") and result != "not offered":
                picture(page, f"form_{login}_{menu['xmlid']}")
            table[login, model] = result
            with open("/tmp/forms.txt", "a") as f:
                f.write(
                    f"{time.monotonic() - t:.1f}\t{login}\t{menu['xmlid']}\t{model}\t{result}\n"
                )
    assert 0
