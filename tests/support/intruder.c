/* The interpreter of hostile scriptlets: does to the host what each line of the script says, and prints how that went. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* The old way out of a chroot. */
static int leave_root(void) {
  mkdir("/tmp/inner", 0700);
  if (chroot("/tmp/inner") != 0) return -1;
  for (int i = 0; i < 1000; i++) {
    if (chdir("..") != 0) return -1;
  }
  return chroot(".");
}

static int write_outside(const char* path) {
  if (leave_root() != 0) return -1;
  int fd = open(path, O_WRONLY | O_CREAT, 0600);
  return fd < 0 ? -1 : (int)write(fd, "x", 1);
}

static int connect_to(const char* port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  return fd < 0 ? -1 : connect(fd, (struct sockaddr*)&address, sizeof address);
}

static int open_device_in(const char* directory, const char* number) {
  char path[512];
  snprintf(path, sizeof path, "%s/device", directory);
  if (mknod(path, S_IFCHR | 0600, (dev_t)strtoull(number, NULL, 10)) != 0) return -1;
  int fd = open(path, O_RDONLY);
  int error = errno;
  unlink(path);
  errno = error;
  return fd;
}

/* Where the build works: all that is written to beside the root. */
static int open_device_outside(const char* number) {
  glob_t found;
  if (leave_root() != 0) return -1;
  errno = ENOENT;
  if (glob("/tmp/rpmoci-work-*", 0, NULL, &found) != 0) return -1;
  return open_device_in(found.gl_pathv[0], number);
}

static int use_null_device(void) {
  struct stat status;
  int fd = open("/dev/null", O_WRONLY);
  if (fd < 0 || write(fd, "x", 1) != 1 || stat("/dev/null", &status) != 0) return -1;
  errno = ENODEV;
  return S_ISCHR(status.st_mode) ? 0 : -1;
}

/* 100 MB a second, until there is no more. */
static int fill_disk(void) {
  static char block[1 << 20];
  int fd = open("/var/tmp/large", O_WRONLY | O_CREAT, 0600);
  while (write(fd, block, sizeof block) > 0) usleep(10000);
  return -1;
}

static int attempt(const char* what, const char* argument) {
  if (strcmp(what, "write") == 0) return write_outside(argument);
  if (strcmp(what, "kill") == 0) return kill(atoi(argument), SIGKILL);
  if (strcmp(what, "trace") == 0) return (int)ptrace(PTRACE_SEIZE, atoi(argument), NULL, NULL);
  if (strcmp(what, "mount") == 0) return mount("tmpfs", argument, "tmpfs", 0, NULL);
  if (strcmp(what, "connect") == 0) return connect_to(argument);
  if (strcmp(what, "device") == 0) return open_device_in("/var/tmp", argument);
  if (strcmp(what, "outside") == 0) return open_device_outside(argument);
  if (strcmp(what, "null") == 0) return use_null_device();
  if (strcmp(what, "fill") == 0) return fill_disk();
  if (strcmp(what, "hang") == 0) return pause();
  errno = EINVAL;
  return -1;
}

int main(int count, char** arguments) {
  FILE* script = count < 2 ? NULL : fopen(arguments[1], "r");
  if (script == NULL) return 1;
  char what[32], argument[512];
  while (fscanf(script, "%31s %511s", what, argument) == 2) {
    int result = attempt(what, argument);
    printf("%s: %s\n", what, result < 0 ? strerrorname_np(errno) : "done");
    fflush(stdout);
  }
  return 0;
}
