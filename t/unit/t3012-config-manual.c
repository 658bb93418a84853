/* t/unit/t3012-config-manual.c: the manual lists the options that there are, and the sample and its example are
 * readable.
 *
 * With --print it prints the manual's list, to be put between its two marks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "poller/config-int.h"
#include "tap.h"

/* A file of the source tree; NULL when it is not there. */
static char *read_file(const char *name, char *path, size_t size)
{
	const char *root = getenv("FOREWARN_TOP");
	char *text = NULL;
	long len;
	FILE *f;

	snprintf(path, size, "%s/%s", root ? root : ".", name);
	f = fopen(path, "r");
	if (!f)
		return NULL;
	fseek(f, 0, SEEK_END);
	len = ftell(f);
	rewind(f);
	text = calloc(1, (size_t)len + 1);
	if (fread(text, 1, (size_t)len, f) != (size_t)len)
		note("cannot read %s", path);
	fclose(f);
	return text;
}

/* What stands between two lines, cut out of 'text'; "" when they are not there. */
static const char *between(char *text, const char *from, const char *to)
{
	char *begin = text ? strstr(text, from) : NULL, *end = begin ? strstr(begin, to) : NULL;

	if (!end)
		return "";
	*end = 0;
	return begin + strlen(from);
}

static void test_list(void)
{
	char path[512], *manual = read_file("man/forewarn.conf.5", path, sizeof(path)), *list = NULL;
	size_t len;
	FILE *f = open_memstream(&list, &len);

	config_print_manual(f);
	fclose(f);
	ok(manual != NULL, "there is a manual");
	is_str(between(manual, ".\\\" options begin\n", ".\\\" options end\n"), list,
	       "its list of options is that of the program");
	free(manual);
	free(list);
}

/* Every sentence of the table is one: mdoc takes a dot or a quote at a line's begin for a request. */
static void test_table(void)
{
	unsigned odd = 0, ranges = 0;

	for (unsigned i = 0; i < option_section_count; i++) {
		for (unsigned k = 0; k < option_sections[i].count; k++) {
			const struct option *o = &option_sections[i].option[k];
			size_t end = strlen(o->text);

			odd += !(o->text[0] >= 'A' && o->text[0] <= 'Z') || !strchr(".?", o->text[end - 1]);
			ranges += (o->type == OPT_SPAN || o->type == OPT_COUNT || o->type == OPT_SIZE || o->type == OPT_NUMBER)
				!= (o->least && o->most);
		}
	}
	is_int(odd, 0, "every option has a sentence");
	is_int(ranges, 0, "every quantity has a range");
}

static void say(const struct mistakes *m)
{
	for (unsigned i = 0; i < m->count; i++)
		note("%s", m->line[i]);
}

static void test_sample(void)
{
	char path[512], *text = read_file("etc/forewarn.conf.sample", path, sizeof(path));
	struct mistakes m = { 0 };
	struct config *c = config_load(path, NULL, &m);

	say(&m);
	ok(text && c, "the sample is readable");
	ok(c && c->service_count > 0 && c->device_count > 0 && c->notify_count > 0,
	   "... and shows devices, services, notification");
	config_unref(c);
	mistakes_release(&m);
	free(text);
}

/* The manual's example, with a secret beside it. */
static void test_example(void)
{
	char path[512], folder[] = "/tmp/fw-t3012-XXXXXX", name[64];
	char *manual = read_file("man/forewarn.conf.5", path, sizeof(path));
	const char *example = between(manual, "of which two are needed:\n.Bd -literal -offset indent\n", ".Ed\n");
	struct mistakes m = { 0 };
	struct config *c;
	FILE *f;

	if (!mkdtemp(folder))
		note("cannot make a folder");
	snprintf(name, sizeof(name), "%s/campus.secret", folder);
	f = fopen(name, "w");
	fputs("s3cret\n", f);
	fclose(f);
	chmod(name, 0640);
	snprintf(path, sizeof(path), "%s/x.conf", folder);
	c = config_load_text(path, example, strlen(example), &m);
	say(&m);
	ok(c && c->service_count == 1 && c->device_count == 5, "the manual's example is readable");
	config_unref(c);
	mistakes_release(&m);
	unlink(name);
	rmdir(folder);
	free(manual);
}

/* The manual's example of calendars. */
static void test_calendars(void)
{
	char path[512], *manual = read_file("man/forewarn.conf.5", path, sizeof(path));
	const char *example = between(manual, "and one at night:\n.Bd -literal -offset indent\n", ".Ed\n");
	struct mistakes m = { 0 };
	struct config *c = config_load_bare("x.conf", example, strlen(example), &m);

	say(&m);
	ok(c && c->calendar_count == 2 && c->group_count == 1 && c->group[0].during_count == 2, "the manual's calendars are readable");
	config_unref(c);
	mistakes_release(&m);
	free(manual);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--print") == 0) {
		config_print_manual(stdout);
		return 0;
	}
	plan(8);
	test_list();
	test_table();
	test_sample();
	test_example();
	test_calendars();
	return done();
}
