"""Resolves as a program does that embeds dnf's python library: loads repositories, installs the latest of each name.

Usage: dnf-goal.py CACHE REPOSITORY NAME...
"""

import json
import sys

import dnf
import dnf.subject
import hawkey

cache, repository, *names = sys.argv[1:]
base = dnf.Base()
for option in ("cachedir", "persistdir", "logdir", "installroot"):
    setattr(base.conf, option, "%s/%s" % (cache, option))
base.conf.logdir = cache
base.conf.reposdir = []
base.conf.substitutions["releasever"] = "0"
base.repos.add_new_repo("large", base.conf, baseurl=["file://" + repository])
base.fill_sack(load_system_repo=False)
goal = hawkey.Goal(base.sack)
for name in names:
    query = dnf.subject.Subject(name).get_best_query(base.sack).available()
    for package in query.filterm(latest_per_arch_by_priority=True):
        goal.install(package)
if not goal.run(ignore_weak_deps=True):
    sys.exit("cannot be resolved")
print(json.dumps([[p.name, p.evr, p.arch, p.repoid, p.chksum[1].hex()] for p in goal.list_installs()]))
