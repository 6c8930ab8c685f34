/**
 * A command that prints the names of the locked packages here. Only what cannot mean anything to a shell is a name:
 * it comes from a file, and goes to a command line.
 */
export const LOCKED_NAMES = `sed -n '/^\\[\\[packages\\]\\]$/{n;s/^name = "\\([A-Za-z0-9._+-]*\\)"$/\\1/p;}' rpmoci.lock 2>/dev/null`;
