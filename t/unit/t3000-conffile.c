/* t/unit/t3000-conffile.c: files in libconfuse's syntax: pieces, values, lines, every mistake at its place, includes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "poller/conffile.h"
#include "tap.h"

static cfg_opt_t check_opts[] = { CFG_STR("command", NULL, CFGF_NODEFAULT), CFG_STR_LIST("needs", NULL, CFGF_NODEFAULT), CFG_END() };
static cfg_opt_t device_opts[] = {
	CFG_STR("address", NULL, CFGF_NODEFAULT), CFG_INT("port", 161, CFGF_NONE), CFG_FLOAT("share", 0, CFGF_NONE),
	CFG_BOOL("ping", cfg_true, CFGF_NONE), CFG_STR_LIST("parents", NULL, CFGF_NODEFAULT),
	CFG_SEC("check", check_opts, CFGF_MULTI | CFGF_TITLE), CFG_END()
};
static cfg_opt_t poll_opts[] = { CFG_STR("interval", NULL, CFGF_NODEFAULT), CFG_END() };
static cfg_opt_t all_opts[] = {
	CFG_STR("state", NULL, CFGF_NODEFAULT), CFG_SEC("poll", poll_opts, CFGF_NONE),
	CFG_SEC("device", device_opts, CFGF_MULTI | CFGF_TITLE), CFG_END()
};

/* What was handed out, one line a piece. */
struct seen { char text[4096]; size_t len; unsigned lines[8]; };

static void add(struct seen *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(struct seen *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (s->len < sizeof(s->text))
		s->len += (size_t)vsnprintf(s->text + s->len, sizeof(s->text) - s->len, fmt, ap);
	va_end(ap);
}

static void saw(void *owner, const struct conf_piece *p)
{
	struct seen *s = owner;

	add(s, "%s:%u %s", p->file, p->line, p->type);
	if (p->title)
		add(s, " [%s]", p->title);
	if (strcmp(p->type, "state") == 0)
		add(s, " %s", cfg_getstr(p->cfg, "state"));
	if (strcmp(p->type, "device") == 0) {
		add(s, " address=%s port=%ld share=%g ping=%d", conf_given(p, "address") ? cfg_getstr(p->cfg, "address") : "-",
		    cfg_getint(p->cfg, "port"), cfg_getfloat(p->cfg, "share"), cfg_getbool(p->cfg, "ping"));
		for (unsigned i = 0; i < cfg_size(p->cfg, "parents"); i++)
			add(s, " <%s>:%u", cfg_getnstr(p->cfg, "parents", i), conf_value_line(p, "parents", i));
		s->lines[0] = conf_line(p, "port");
		s->lines[1] = conf_line(p, "check/login/command");
		s->lines[2] = conf_line(p, "check/a/b/needs");
		s->lines[3] = conf_value_line(p, "check/a/b/needs", 1);
		s->lines[4] = conf_line(p, "check/login");
	}
	add(s, "\n");
}

static struct seen read_text(const char *text, size_t len, struct mistakes *m, enum fw_err *err)
{
	struct seen s = { .len = 0 };
	struct arena a = { 0 };

	*err = conf_read_text("x.conf", text, len, all_opts, &a, m, saw, &s);
	arena_release(&a);
	return s;
}

static void test_pieces(void)
{
	static const char text[] =
		"\xef\xbb\xbfstate = \"/var/\\x41\\101\\t${HOME}\" # comment { \"\n"
		"poll { interval = 60s }\r\n"
		"/* device \"no\" {\n} */\n"
		"device 'it''s' { }\n";
	static const char good[] =
		"state = \"/var/\\x41\\101\\t${HOME}\" # comment { \"\n"
		"// another\n"
		"poll { interval = 60s }\r\n"
		"/* device \"no\" {\n} */\n"
		"device 'it\\'s \\n' { address = \"one \\\n two\" port = 0161\n share = .5 ping = OFF\n"
		"  parents = {\"a\",\n    'b|c', } parents += {d} parents += \"e\" }\n";
	struct mistakes m = { 0 };
	enum fw_err err;
	struct seen s = read_text(good, sizeof(good) - 1, &m, &err);

	is_str(s.text,
	       "x.conf:1 state /var/AA\t${HOME}\n"
	       "x.conf:3 poll\n"
	       "x.conf:6 device [it's \\n] address=one  two port=161 share=0.5 ping=0 <a>:9 <b|c>:10 <d>:10 <e>:10\n",
	       "pieces, values and lines as written; nothing comes from the environment");
	is_int(err, FW_OK, "... without a mistake");
	is_int(m.count, 0, "... at all");
	s = read_text(text, sizeof(text) - 1, &m, &err);
	is_int(err, FW_MISTAKE, "a section cannot have two titles");
	is_str(m.count ? m.line[0] : "", "x.conf:5: \"{\" is missing after device \"it\"", "... and says where, behind a byte order mark");
	is_str(s.text, "x.conf:1 state /var/AA\t${HOME}\nx.conf:2 poll\n", "... while the rest is read");
	mistakes_release(&m);
}

static void test_lines(void)
{
	static const char text[] =
		"device \"edge1\"\n{\n"
		"  address = \"192.0.2.1\"\n"
		"  check \"login\" { needs = x\n command = \"c\" }\n"
		"  check \"a/b\" {\n needs = {\"1\",\n \"2\"} }\n"
		"}\n";
	struct mistakes m = { 0 };
	enum fw_err err;
	struct seen s = read_text(text, sizeof(text) - 1, &m, &err);

	is_int(s.lines[0], 1, "an option that is not given has the section's line");
	is_int(s.lines[1], 5, "line of an option in a subsection");
	is_int(s.lines[2], 7, "... whose title has a slash");
	is_int(s.lines[3], 8, "line of a value in a list");
	is_int(s.lines[4], 4, "line of a subsection");
	is_int(err, FW_OK, "... all read");
	mistakes_release(&m);
}

/* Wrong texts, and every line said about them. */
static const struct { const char *text, *want; } wrong[] = {
	{ "stat = \"x\"\n", "x.conf:1: unknown option \"stat\"; \"state\" is near\n" },
	{ "colour = {\"x\", \"y\"}\nstate = a\n", "x.conf:1: unknown option \"colour\"; here may stand state, poll, device, include\n" },
	{ "device \"e\" {\n adress = \"x\"\n prot = 1 }\n",
	  "x.conf:2: device \"e\": unknown option \"adress\"; \"address\" is near\n"
	  "x.conf:3: device \"e\": unknown option \"prot\"; \"port\" is near\n" },
	{ "device \"e\" { port = \"many\" share = 1x ping = maybe }\n",
	  "x.conf:1: device \"e\": port = \"many\": not a whole number; write it like port = 2\n"
	  "x.conf:1: device \"e\": share = \"1x\": not a number; write it like share = 0.5\n"
	  "x.conf:1: device \"e\": ping = \"maybe\": neither true nor false\n" },
	{ "device \"e\" { port = 99999999999999999999 share = nan }\n",
	  "x.conf:1: device \"e\": port = \"99999999999999999999\": not a whole number; write it like port = 2\n"
	  "x.conf:1: device \"e\": share = \"nan\": not a number; write it like share = 0.5\n" },
	{ "device \"e\" {\n address = \"x\n port = 1z }\ndevice \"f\" { }\n",
	  "x.conf:2: string that begins here has no end; close it with \" in the same line\n"
	  "x.conf:3: device \"e\": port = \"1z\": not a whole number; write it like port = 2\n" },
	{ "device \"e\" {\n address = \"x\"\n\ndevice \"f\" { port = z }\n",
	  "x.conf:1: device \"e\": section that begins here has no \"}\"\n"
	  "x.conf:4: device \"f\": port = \"z\": not a whole number; write it like port = 2\n" },
	{ "device \"e\" { check \"c\" {\n command = \"x\"\n", "x.conf:1: device \"e\": check \"c\": section that begins here has no \"}\"\n"
	  "x.conf:1: device \"e\": section that begins here has no \"}\"\n" },
	{ "device \"e\" { parents = {\"a\",\n \"b\"\n", "x.conf:1: device \"e\": parents: the list that begins in line 1 has no \"}\"\n"
	  "x.conf:1: device \"e\": section that begins here has no \"}\"\n" },
	{ "device \"e\" { parents = {\"a\" \"b\"} }\n", "x.conf:1: device \"e\": parents: a comma is missing before \"b\"\n" },
	{ "device { }\n", "x.conf:1: device has no name; write device \"NAME\" { ... }\n" },
	{ "poll \"x\" { }\n", "x.conf:1: poll takes no name; write poll { ... }\n" },
	{ "device = \"x\"\n", "x.conf:1: device has no name; write device \"NAME\" { ... }\nx.conf:1: \"{\" is missing after device\n" },
	{ "state \"x\"\n", "x.conf:1: \"=\" is missing after state\n" },
	{ "state =\n", "x.conf:1: state has no value; write state = ...\n" },
	{ "state = {\"a\"}\n", "x.conf:1: state takes one value, not a list\n" },
	{ "state += \"a\"\n", "x.conf:1: state takes one value; write state = ...\n" },
	{ "device \"e\" {\n port = 1\n port = 2 }\n", "x.conf:3: device \"e\": port is given twice, first in line 2; keep one\n" },
	{ "device \"e\" {\n check \"c\" { }\n check \"c\" { } }\n",
	  "x.conf:3: device \"e\": check \"c\": given twice, first in line 2; keep one\n" },
	{ "}\nstate = a\n", "x.conf:1: \"}\" closes nothing\n" },
	{ "device \"e\" { = }\n", "x.conf:1: device \"e\": unexpected \"=\"; the name of an option belongs here\n" },
	{ "state = (a)\n", "x.conf:1: unexpected '('; put text that holds it in quotes\nx.conf:1: unexpected ')'; put text that holds it in quotes\n" },
	{ "state = a\n\xff\n", "x.conf:2: not UTF-8; save the file in UTF-8\n"
	  "x.conf:2: unknown option \"\\xFF\"; here may stand state, poll, device, include\n" },
	{ "state = \"\\xff\"\n", "x.conf:1: string is not UTF-8 because of its escapes\n" },
	{ "state = \"a\\0b\"\n", "x.conf:1: escape in a string stands for no character; write a backslash as \\\\\n" },
	{ "\n/* never\nclosed", "x.conf:2: comment that begins here has no end; close it with \"*/\"\n" },
	{ "include \"nowhere.conf\"\n", "x.conf:1: include \"nowhere.conf\": cannot be read: No such file or directory\n" },
	{ "include { }\n", "x.conf:1: include has no file; write include \"FILE\"\nx.conf:1: unexpected \"{\"\nx.conf:1: \"}\" closes nothing\n" },
};

static void test_wrong(void)
{
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		char got[4096] = "";
		struct mistakes m = { 0 };
		enum fw_err err;
		size_t len = 0;

		read_text(wrong[i].text, strlen(wrong[i].text), &m, &err);
		for (unsigned k = 0; k < m.count && len < sizeof(got); k++)
			len += (size_t)snprintf(got + len, sizeof(got) - len, "%s\n", m.line[k]);
		is_str(got, wrong[i].want, wrong[i].text[0] == '}' ? "a brace too many" : "every mistake, where it is");
		mistakes_release(&m);
	}
}

static void test_bounds(void)
{
	enum { LINES = 1500, DEEP = 100000 };
	char *text = malloc(LINES * 8 + 1), *deep = malloc(DEEP + 16);
	struct mistakes m = { 0 };
	enum fw_err err;
	struct seen s;

	for (int i = 0; i < LINES; i++)
		snprintf(text + i * 8, 9, "xx = {}\n");
	read_text(text, LINES * 8, &m, &err);
	is_int(m.count, 1000, "a thousand mistakes are kept");
	is_int(m.more, LINES - 1000, "... and the others counted");
	mistakes_release(&m);
	snprintf(deep, 16, "unknown ");
	memset(deep + 8, '{', DEEP);
	s = read_text(deep, DEEP + 8, &m, &err);
	is_int(err, FW_MISTAKE, "a hundred thousand braces deep is a mistake, not a crash");
	s = read_text("state = \"a\0b\"\n", 14, &m, &err);
	is_str(m.line[m.count - 1], "x.conf:1: a zero octet; this is not a text file", "a zero octet is said");
	is_int((int)s.len >= 0, 1, "... and read past");
	mistakes_release(&m);
	free(text);
	free(deep);
}

static void write_file(const char *folder, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (!(f = fopen(path, "w")) || fputs(text, f) < 0 || fclose(f) != 0)
		note("cannot write %s", path);
}

static void test_include(void)
{
	char folder[] = "/tmp/fw-t3000-XXXXXX", path[64], sub[64], want[512], command[80];
	struct mistakes m = { 0 };
	struct arena a = { 0 };
	struct seen s = { .len = 0 };

	if (!mkdtemp(folder))
		note("cannot make a folder");
	snprintf(path, sizeof(path), "%s/main.conf", folder);
	snprintf(sub, sizeof(sub), "%s/d", folder);
	mkdir(sub, 0700);
	write_file(folder, "main.conf", "include \"d\"\ninclude \"loop.conf\"\nstate = z\n");
	write_file(folder, "loop.conf", "\ninclude \"main.conf\"\n");
	write_file(sub, "b.conf", "device \"b\" { }\n");
	write_file(sub, "a.conf", "# first\ndevice \"a\" { }\n");
	write_file(sub, "c.txt", "not read");
	is_int(conf_read(path, all_opts, &a, &m, saw, &s), FW_MISTAKE, "a loop of includes is a mistake");
	snprintf(want, sizeof(want), "%s/d/a.conf:2 device [a] address=- port=161 share=0 ping=1\n"
		 "%s/d/b.conf:1 device [b] address=- port=161 share=0 ping=1\n%s:3 state z\n", folder, folder, path);
	is_str(s.text, want, "a folder's *.conf come sorted, then the rest of the file");
	snprintf(want, sizeof(want), "%s/loop.conf:2: include \"%s\": includes itself", folder, path);
	is_str(m.count == 1 ? m.line[0] : "", want, "... and the loop is named");
	mistakes_release(&m);
	snprintf(path, sizeof(path), "%s/none", folder);
	is_int(conf_read(path, all_opts, &a, &m, saw, &s), FW_IO, "a file that is not there");
	snprintf(want, sizeof(want), "%s: cannot be read: No such file or directory", path);
	is_str(m.line[0], want, "... is a mistake about the file");
	mistakes_release(&m);
	arena_release(&a);
	snprintf(command, sizeof(command), "rm -r '%s'", folder);
	is_int(system(command), 0, "cleaned up");
}

int main(void)
{
	plan(12 + (int)(sizeof(wrong) / sizeof(*wrong)) + 5 + 6);
	test_pieces();
	test_lines();
	test_wrong();
	test_bounds();
	test_include();
	return done();
}
