/* t4070: pictures: PNG and SVG, labels of any kind, mistakes said. Each is drawn in a child, as it must be. */
#include <sys/wait.h>

#include "t/unit/t4-store.h"

static char folder[STORE_PATH_MAX - 64];

static size_t load(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(buf, 1, size - 1, f) : 0;

	buf[n] = 0;
	if (f)
		fclose(f);
	return n;
}

/* Draw in a child; what it said is in 'said'. */
static enum fw_err draw(const struct store_graph *g, const char *out, char *said, size_t size)
{
	int tell[2], status = 0;
	ssize_t n;
	pid_t pid;

	if (pipe(tell) != 0)
		abort();
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct err err = { "" };
		enum fw_err e = store_graph(g, out, &err);

		if (write(tell[1], err.text, strlen(err.text)) < 0)
			_exit(FW_ERRS);
		_exit((int)e);
	}
	close(tell[1]);
	n = read(tell[0], said, size - 1);
	said[n > 0 ? n : 0] = 0;
	close(tell[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? (enum fw_err)WEXITSTATUS(status) : FW_ERRS;
}

static uint32_t be32(const char *p)
{
	const uint8_t *u = (const uint8_t *)p;

	return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 | u[3];
}

int main(void)
{
	static const char *const label[] = { "a:b\\", "100 %", "%s %n %lf", "\\l\\n\\", "<b>&amp;", "\x01\x1b[2J", "\xff\xfe",
					     "", " ", "\xc3\xa4\xe2\x82\xac", NULL };
	static char picture[1 << 20];
	char path[STORE_PATH_MAX], out[STORE_PATH_MAX], said[512], longest[300];
	struct store *s;
	struct store_line line[2];
	struct store_graph g;
	unsigned bad = 0;

	log_level_set(LOG_LEVEL_ERROR);
	plan(13);
	folder_new(folder, sizeof(folder));
	s = open_store(folder, NULL, &interface_layout);
	for (int m = 0; m <= 180; m++) {
		struct store_row r = row3(60 * m, (uint64_t)(60000 * m + m * m * 200), (uint64_t)(20000 * m), m % 40);

		store_put(s, "core1/interface/Gi0/1", &interface_layout, &r);
	}
	store_close(s);
	file_of(folder, "core1/interface/Gi0/1", path, sizeof(path));
	line[0] = (struct store_line){ path, "in", "in", "bit/s", 8, false, true, 0x1f77b4 };
	line[1] = (struct store_line){ path, "out", "out", "bit/s", 8, true, true, 0xe0812b };
	g = (struct store_graph){ "core1 Gi0/1", "bit/s", at_s(0), at_s(10800), 800, 250, line, 2 };
	snprintf(out, sizeof(out), "%s/a.png", folder);
	is_int(draw(&g, out, said, sizeof(said)), FW_OK, "a PNG is drawn");
	ok(load(out, picture, sizeof(picture)) > 5000 && memcmp(picture, "\x89PNG\r\n", 6) == 0, "... and is one");
	ok(be32(picture + 16) > 800 && be32(picture + 16) < 1000 && be32(picture + 20) > 250 && be32(picture + 20) < 420,
	   "... with a frame around the canvas");
	snprintf(out, sizeof(out), "%s/a.svg", folder);
	is_int(draw(&g, out, said, sizeof(said)), FW_OK, "an SVG is drawn");
	ok(load(out, picture, sizeof(picture)) > 5000 && strstr(picture, "<svg") != NULL, "... and is one");
	for (unsigned i = 0; label[i]; i++) {
		line[0].label = line[0].unit = g.title = g.vertical_label = label[i];
		bad += draw(&g, out, said, sizeof(said)) != FW_OK;
		if (*said)
			note("%u: %s", i, said);
	}
	is_int(bad, 0, "labels, units and titles of any octets are drawn");
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = 0;
	line[0].label = g.title = longest;
	is_int(draw(&g, out, said, sizeof(said)), FW_OK, "a long label is cut");
	line[0].label = NULL;
	line[0].unit = NULL;
	g.title = NULL;
	is_int(draw(&g, out, said, sizeof(said)), FW_OK, "no label is the column's name");
	line[1].ds = "nonsense";
	ok(draw(&g, out, said, sizeof(said)) == FW_NOTFOUND && strstr(said, "nonsense"), "a column that is not there is named");
	g.line_count = 1;
	ok(draw(&g, "/tmp/x.gif", said, sizeof(said)) == FW_MISTAKE && strstr(said, ".png"), "another ending is a mistake");
	ok(draw(&g, "/nonexistent/x.png", said, sizeof(said)) == FW_IO && strstr(said, "/nonexistent"),
	   "a place that cannot be written is named");
	g.to = g.from;
	is_int(draw(&g, out, said, sizeof(said)), FW_RANGE, "no time at all is a mistake");
	g.to = at_s(10800);
	g.width = 5000;
	is_int(draw(&g, out, said, sizeof(said)), FW_RANGE, "a canvas too large is a mistake");
	folder_remove(folder);
	return done();
}
