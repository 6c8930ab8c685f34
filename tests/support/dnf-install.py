"""What dnf would install into an empty root, groups included.

Reads JSON: {"repositories": {ID: FOLDER}, "arch": ARCH, "jobs": [[SPECIFICATION, ...], ...]}.
Writes JSON: for each job the sorted NEVRAs, or null where dnf finds no match or no solution.
"""

import json
import logging
import sys
import tempfile

import dnf
import dnf.exceptions


def prepare(description, folder):
    base = dnf.Base()
    conf = base.conf
    conf.installroot = folder + "/root"
    conf.cachedir = folder + "/cache"
    conf.persistdir = folder + "/persist"
    conf.logdir = folder
    conf.reposdir = []
    conf.plugins = False
    conf.best = True
    conf.install_weak_deps = False
    conf.substitutions["arch"] = description["arch"]
    conf.substitutions["basearch"] = description["arch"]
    conf.substitutions["releasever"] = "1"
    for name, path in description["repositories"].items():
        base.repos.add_new_repo(name, conf, baseurl=["file://" + path])
    base.fill_sack(load_system_repo=False)
    return base


def installs(base, specs):
    base.reset(goal=True)
    try:
        for spec in specs:
            if spec.startswith("@"):
                base.env_group_install([spec[1:]], tuple(base.conf.group_package_types), strict=True)
            else:
                base.install(spec)
    except dnf.exceptions.Error:
        return None
    base._finalize_comps_trans()
    if not base._run_hawkey_goal(base._goal, False):
        return None
    return sorted("%s-%s.%s" % (p.name, p.evr, p.arch) for p in base._goal.list_installs())


def main():
    logging.disable(logging.CRITICAL)
    description = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as folder:
        base = prepare(description, folder)
        json.dump([installs(base, specs) for specs in description["jobs"]], sys.stdout)
        base.close()


main()
