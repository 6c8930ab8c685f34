/**
 * Asks dnf 4 in its own language, as `dnf repolist` would begin: configuration, variables, plugins, definitions. The
 * question is the argument, the answer goes to file descriptor 3, since plugins print what they like. Repositories are
 * enabled before plugins are configured, for some look at enabled ones only.
 */
export const DNF_SCRIPT = `
import json, logging, os, sys
answer = os.fdopen(3, "w")
os.set_inheritable(3, False)
question = json.loads(sys.argv[1])
import dnf, dnf.conf.config

messages = []
class Collector(logging.Handler):
    def emit(self, record):
        messages.append(record.getMessage())
collector = Collector(logging.WARNING)
logging.getLogger("dnf").addHandler(collector)
logging.getLogger("dnf").propagate = False

def options_of(repository):
    options = {}
    for option in repository._config.optBinds():
        if option.second.getPriority() <= dnf.conf.config.PRIO_DEFAULT:
            continue
        try:
            options[option.first] = option.second.getValueString()
        except RuntimeError:
            pass
    for name in ("baseurl", "gpgkey"):
        if name in options:
            urls = getattr(repository, name)
            options[name] = " ".join(url.replace(" ", "%20").replace(",", "%2C") for url in urls)
    return options

def headers_of(repository):
    headers = getattr(repository, "get_http_headers", lambda: ())()
    return [header.split(":", 1) for header in headers if ":" in header]

def definition_of(repository):
    return {
        "options": options_of(repository),
        "headers": headers_of(repository),
        "file": getattr(repository, "repofile", None),
    }

base = dnf.Base()
conf = base.conf
try:
    if os.path.exists(question["configuration"]):
        conf.read(question["configuration"], priority=dnf.conf.config.PRIO_MAINCONFIG)
    for name in ("reposdir", "varsdir", "pluginpath", "pluginconfpath"):
        if name in question:
            setattr(conf, name, question[name])
    for name, value in question["variables"].items():
        try:
            conf.substitutions[name] = value
        except dnf.exceptions.Error:
            # Some versions derive the parts of a release themselves.
            pass
    # Versions differ in whether they take one without a value.
    if conf.substitutions.get("releasever", "") is None:
        del conf.substitutions["releasever"]
    base.init_plugins()
    base.pre_configure_plugins()
    base.read_all_repos()
    base.repos.all().disable()
    wanted = [base.repos[name] for name in question["ids"] if name in base.repos]
    for repository in wanted:
        repository.enable()
    base.configure_plugins()
    result = {
        "known": sorted(base.repos.keys()),
        # A plugin may have put another one in its place.
        "repositories": {name: definition_of(base.repos[name]) for name in question["ids"] if name in base.repos},
    }
except dnf.exceptions.Error as error:
    result = {"error": str(error)}
result["messages"] = messages
json.dump(result, answer)
answer.close()
`;
