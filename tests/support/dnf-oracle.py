"""What dnf would install into an empty root, groups included.

Reads lines of JSON: first a description of the repositories, then one job each. Answers every job with one line:
{"installs": [NEVRA, ...]} or {"error": "..."}.
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
    conf.substitutions["arch"] = description["arch"]
    conf.substitutions["basearch"] = description["arch"]
    conf.substitutions["releasever"] = "9"
    for repository in description["repositories"]:
        added = base.repos.add_new_repo(repository["id"], conf, baseurl=["file://" + repository["folder"]])
        # add_new_repo() takes no more than the first element of a list.
        for key in repository.keys() - {"id", "folder"}:
            setattr(added, key, repository[key])
    base.fill_sack(load_system_repo=False)
    return base


def nevra(package):
    return "%s-%s.%s" % (package.name, package.evr, package.arch)


def answer(base, job):
    base.conf.install_weak_deps = job["weak"]
    base.reset(goal=True)
    goal = base._goal
    try:
        for spec in job["specs"]:
            if spec.startswith("@"):
                base.env_group_install([spec[1:]], tuple(base.conf.group_package_types), strict=True)
            else:
                base.install(spec)
    except dnf.exceptions.Error as error:
        return {"error": str(error)}
    base._finalize_comps_trans()
    if not base._run_hawkey_goal(goal, False):
        return {"error": dnf.util._format_resolve_problems(goal.problem_rules())}
    return {"installs": sorted("%s %s" % (nevra(p), p.repoid) for p in goal.list_installs())}


def main():
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        base = prepare(json.loads(sys.stdin.readline()), folder)
        for line in sys.stdin:
            print(json.dumps(answer(base, json.loads(line))), flush=True)
        base.close()


main()
