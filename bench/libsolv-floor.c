/*
 * The least that libsolv itself needs for a resolution: no checks, no specifications but names, no output.
 *
 *   libsolv-floor write PRIMARY SOLV          parses primary.xml[.gz] and writes libsolv's own form of it
 *   libsolv-floor warm SOLV NAME…             reads that form, indexes provides, installs the names
 *   libsolv-floor cold PRIMARY NAME…          the same from the XML
 *
 * Prints one line of JSON: milliseconds of each step, and how many packages would be installed.
 */
#include <solv/chksum.h>
#include <solv/pool.h>
#include <solv/poolarch.h>
#include <solv/repo.h>
#include <solv/repo_rpmmd.h>
#include <solv/repo_solv.h>
#include <solv/repo_write.h>
#include <solv/solv_xfopen.h>
#include <solv/solver.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static int load(Repo *repo, const char *path, int xml) {
  FILE *file = xml ? solv_xfopen(path, "r") : fopen(path, "r");
  if (!file) return -1;
  int result = xml ? repo_add_rpmmd(repo, file, 0, 0) : repo_add_solv(repo, file, 0);
  fclose(file);
  return result;
}

static int write_solv(Repo *repo, const char *path) {
  FILE *file = fopen(path, "w");
  if (!file) return -1;
  int result = repo_write(repo, file);
  return fclose(file) || result;
}

/* Returns the number of packages to install, or -1. */
static int solve(Pool *pool, char **names, int count) {
  Queue job, decisions;
  queue_init(&job);
  queue_init(&decisions);
  for (int index = 0; index < count; ++index) {
    queue_push2(&job, SOLVER_INSTALL | SOLVER_SOLVABLE_NAME | SOLVER_FORCEBEST, pool_str2id(pool, names[index], 1));
  }
  Solver *solver = solver_create(pool);
  solver_set_flag(solver, SOLVER_FLAG_IGNORE_RECOMMENDED, 1);
  int result = -1;
  if (solver_solve(solver, &job) == 0) {
    solver_get_decisionqueue(solver, &decisions);
    result = 0;
    for (int index = 0; index < decisions.count; ++index) result += decisions.elements[index] > SYSTEMSOLVABLE;
  }
  solver_free(solver);
  queue_free(&decisions);
  queue_free(&job);
  return result;
}

int main(int argc, char **argv) {
  if (argc < 4) {
    fputs("usage: libsolv-floor write PRIMARY SOLV | warm SOLV NAME… | cold PRIMARY NAME…\n", stderr);
    return 2;
  }
  Pool *pool = pool_create();
  pool_setdisttype(pool, DISTTYPE_RPM);
  pool_setarch(pool, "x86_64");
  Repo *repo = repo_create(pool, "floor");
  double start = now();
  if (load(repo, argv[2], strcmp(argv[1], "warm") != 0)) {
    fprintf(stderr, "cannot read %s: %s\n", argv[2], pool_errstr(pool));
    return 1;
  }
  if (strcmp(argv[1], "write") == 0) return write_solv(repo, argv[3]) ? 1 : 0;
  double loaded = now();
  pool_addfileprovides(pool);
  pool_createwhatprovides(pool);
  double indexed = now();
  int packages = solve(pool, argv + 3, argc - 3);
  double solved = now();
  printf("{\"load\":%.2f,\"index\":%.2f,\"solve\":%.2f,\"total\":%.2f,\"packages\":%d}\n", loaded - start,
         indexed - loaded, solved - indexed, solved - start, packages);
  return packages < 0;
}
