"""What dnf 4 installs from modular repositories, for each name, with each choice of streams.

Reads a request as JSON from standard input:
  {"repositories": [{"id", "path", "hotfixes"}], "arch", "platform" (or null),
   "cases": [{"enable": [module specs], "install": [module specs], "names": [package names]}]}
and writes, for each case, {"failed": why the streams cannot be enabled, or null,
  "results": {name: sorted NEVRAs, or null where dnf fails}}.
The packages of a case's "install", which holds module profiles, are under the empty name, and all that are visible
under "*".
"""

import json
import logging
import sys
import tempfile

import dnf
import dnf.exceptions
import dnf.module.module_base
import dnf.rpm
import libdnf

ERROR_IN_DEFAULTS = libdnf.module.ModulePackageContainer.ModuleErrorType_ERROR_IN_DEFAULTS


def open_base(request, cache):
    base = dnf.Base()
    conf = base.conf
    conf.reposdir = []
    conf.pluginpath = []
    conf.installroot = tempfile.mkdtemp(dir=cache)
    conf.cachedir = cache
    conf.persistdir = conf.installroot
    conf.best = True
    conf.install_weak_deps = False
    conf.gpgcheck = False
    if request["platform"] is not None:
        conf.module_platform_id = request["platform"]
    conf.substitutions["releasever"] = "1"
    conf.substitutions["arch"] = request["arch"]
    conf.substitutions["basearch"] = dnf.rpm.basearch(request["arch"])
    for entry in request["repositories"]:
        base.repos.add_new_repo(
            entry["id"], conf, baseurl=["file://" + entry["path"]], module_hotfixes=entry.get("hotfixes", False)
        )
    base.fill_sack(load_system_repo=False)
    return base


def installs(base):
    try:
        base.resolve()
    except dnf.exceptions.DepsolveError:
        return None
    return sorted(
        "%s-%s.%s" % (package.name, package.evr, package.arch) for package in base.transaction.install_set
    )


def enable(modules, specs, method):
    """As the command line does: problems with default streams alone do not count."""
    try:
        getattr(modules, method)(specs)
    except dnf.exceptions.MarkingErrors as error:
        if error.no_match_group_specs or error.error_group_specs:
            return str(error)
        if error.module_depsolv_errors and error.module_depsolv_errors[1] != ERROR_IN_DEFAULTS:
            return str(error)
    return None


def answer(request, case, cache):
    base = open_base(request, cache)
    modules = dnf.module.module_base.ModuleBase(base)
    results = {}
    if case.get("enable"):
        failed = enable(modules, case["enable"], "enable")
        if failed is not None:
            return {"failed": failed, "results": {}}
    if case.get("install"):
        failed = enable(modules, case["install"], "install")
        if failed is not None:
            return {"failed": failed, "results": {}}
        results[""] = installs(base)
        base.reset(goal=True)
    visible = base.sack.query().filterm(arch__neq=["src", "nosrc"])
    results["*"] = sorted("%s-%s.%s" % (package.name, package.evr, package.arch) for package in visible)
    for name in case["names"]:
        try:
            base.install(name)
            results[name] = installs(base)
        except dnf.exceptions.MarkingError:
            results[name] = None
        base.reset(goal=True)
    base.close()
    return {"failed": None, "results": results}


def main():
    logging.getLogger("dnf").addHandler(logging.NullHandler())
    logging.getLogger("dnf").propagate = False
    request = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as cache:
        answers = [answer(request, case, cache) for case in request["cases"]]
    json.dump(answers, sys.stdout)


main()
