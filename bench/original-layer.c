// A layer as the original makes it: one thread walks the tree, makes the archive, compresses it with zlib and computes
// both digests. Usage: original-layer ROOT OUTPUT; prints the blob's size.
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <zlib.h>

static struct sha256_ctx diff_id, digest;
static z_stream stream;
static FILE *output;
static unsigned long long size;

static void compress_bytes(const void *bytes, size_t count, int flush) {
  unsigned char compressed[1 << 15];
  sha256_update(&diff_id, count, bytes);
  stream.next_in = (Bytef *)bytes;
  stream.avail_in = count;
  do {
    stream.next_out = compressed;
    stream.avail_out = sizeof compressed;
    deflate(&stream, flush);
    const size_t made = sizeof compressed - stream.avail_out;
    sha256_update(&digest, made, compressed);
    if (fwrite(compressed, 1, made, output) != made) exit(1);
    size += made;
  } while (stream.avail_out == 0);
}

static int add(const char *path, const struct stat *status, int kind, struct FTW *walk) {
  (void)kind;
  (void)walk;
  static char block[512];
  static char buffer[1 << 13];
  char names[1024];
  memset(block, 0, sizeof block);
  // As long as a header and as compressible, which is all that counts here.
  snprintf(block, 100, "%s", path);
  snprintf(block + 100, 57, "%07o%c%07o%c%07o%c%011llo%c%011llo", status->st_mode & 07777, 0, status->st_uid, 0,
           status->st_gid, 0, (unsigned long long)status->st_size, 0, (unsigned long long)status->st_mtime);
  llistxattr(path, names, sizeof names);
  compress_bytes(block, sizeof block, Z_NO_FLUSH);
  if (!S_ISREG(status->st_mode)) return 0;
  const int file = open(path, O_RDONLY);
  if (file < 0) exit(1);
  for (ssize_t count; (count = read(file, buffer, sizeof buffer)) > 0;) compress_bytes(buffer, count, Z_NO_FLUSH);
  close(file);
  memset(block, 0, sizeof block);
  compress_bytes(block, (512 - status->st_size % 512) % 512, Z_NO_FLUSH);
  return 0;
}

int main(int count, char **arguments) {
  if (count != 3 || (output = fopen(arguments[2], "w")) == NULL) return 2;
  sha256_init(&diff_id);
  sha256_init(&digest);
  deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  if (nftw(arguments[1], add, 64, FTW_PHYS) != 0) return 1;
  static const char end[1024];
  compress_bytes(end, sizeof end, Z_FINISH);
  if (fclose(output) != 0) return 1;
  printf("%llu\n", size);
  return 0;
}
