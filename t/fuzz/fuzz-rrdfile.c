/* t/fuzz/fuzz-rrdfile.c: an RRD file as found on a disk. What our check calls whole, librrd must be able to open, read, write
 * and rebuild: librrd itself trusts what it reads.
 */
#define _GNU_SOURCE		/* memfd_create */
#include <fcntl.h>
#include <rrd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rrd/header-int.h"
#include "rrd/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void librrd_opens(const char *path, const struct rrd_header *h)
{
	struct store_series series;
	rrd_info_t *info = rrd_info_r(path);
	struct wall end = { (h->last_up_s + 1000) * 1000000 };
	char line[2048];
	const char *lines[] = { line };
	int n = snprintf(line, sizeof(line), "%lld.5", (long long)h->last_up_s + 61);

	must(info);
	rrd_info_free(info);
	if (store_fetch(path, "AVERAGE", (struct wall){ 0 }, end, &series, NULL) == FW_OK)
		store_series_release(&series);
	if (store_fetch(path, "MAX", (struct wall){ end.us - 3600000000 }, end, &series, NULL) == FW_OK)
		store_series_release(&series);
	for (uint32_t i = 0; i < h->ds_count; i++)
		n += snprintf(line + n, sizeof(line) - (size_t)n, ":%u", i);
	rrd_clear_error();
	rrd_updatex_r(path, NULL, RRD_SKIP_PAST_UPDATES, 1, lines);
	rrd_clear_error();
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	struct rrd_header h;
	char path[64];
	int fd;

	if (header_dec(octets, len, len, &h, NULL) != FW_OK)
		return 0;
	fd = memfd_create("rrd", 0);
	must(fd >= 0 && write(fd, octets, len) == (ssize_t)len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	must(store_check_file(path, NULL) == FW_OK);
	librrd_opens(path, &h);
	close(fd);
	return 0;
}
