"""Odoo's server, its lint tests looking at this checkout's addons alone.

``test_lint`` walks over every addon it can find. While one of its tests runs, the two functions that list addons
answer with ours, and pylint is not sent over Odoo itself, which takes it a quarter of an hour.
"""

import subprocess
import sys
from pathlib import Path

import odoo.modules
from odoo.cli.command import main
from odoo.modules.module import Manifest
from odoo.tools import config

OURS = {path.parent.name for path in Path("addons").glob("*/__manifest__.py")}


def narrow():
    every_manifest, every_name = Manifest.all_addon_manifests, odoo.modules.get_modules

    run_anything = subprocess.run

    def testing():
        return odoo.modules.module.current_test

    def all_addon_manifests():
        return [m for m in every_manifest() if m.name in OURS or not testing()]

    def get_modules():
        return [name for name in every_name() if name in OURS or not testing()]

    def run(command, *arguments, **options):
        if testing():
            command = [word for word in command if word != config.root_path]
        return run_anything(command, *arguments, **options)

    subprocess.run = run
    Manifest.all_addon_manifests = staticmethod(all_addon_manifests)
    odoo.modules.get_modules = odoo.modules.module.get_modules = get_modules


if __name__ == "__main__":
    narrow()
    sys.argv[0] = "odoo"
    main()
