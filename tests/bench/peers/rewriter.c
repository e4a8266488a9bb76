/* A rewriting milter on libmilter, as one would write it in C: the peer of the benchmark.
 *
 *   milter SOCKET RULES-FOLDER nr|reply
 *
 * Reads the same files as readdress: lines "key target" are kept in a hash table, lines of domains
 * are passed over. It asks for the same steps, and with "nr" for no reply at RCPT. */

#include <ctype.h>
#include <dirent.h>
#include <libmilter/mfapi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	char *key, *target;
};
static struct entry *table;
static size_t slots, used;
static int no_reply;

struct message {
	char **received;
	size_t count, room;
};

static uint64_t hash(const char *text)
{
	uint64_t value = 14695981039346656037u;
	for (; *text; text++)
		value = (value ^ (unsigned char)tolower((unsigned char)*text)) * 1099511628211u;
	return value ^ value >> 29;
}

static struct entry *find(const char *key)
{
	size_t at = hash(key) & (slots - 1);
	while (table[at].key && strcasecmp(table[at].key, key) != 0)
		at = (at + 1) & (slots - 1);
	return &table[at];
}

static void add(char *key, char *target)
{
	if (2 * (used + 1) > slots) {
		struct entry *old = table;
		size_t end = slots;
		slots = slots ? 2 * slots : 1024;
		table = calloc(slots, sizeof *table);
		for (size_t at = 0; at < end; at++)
			if (old[at].key)
				*find(old[at].key) = old[at];
		free(old);
	}
	*find(key) = (struct entry){ strdup(key), strdup(target) };
	used++;
}

static void load(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *one;
	while (dir && (one = readdir(dir))) {
		char path[4096], line[4096], key[1024], target[1024];
		snprintf(path, sizeof path, "%s/%s", folder, one->d_name);
		FILE *file = strstr(one->d_name, ".rules") ? fopen(path, "r") : NULL;
		while (file && fgets(line, sizeof line, file))
			if (sscanf(line, "%1023s %1023s", key, target) == 2 && strchr(key, '@'))
				add(key, target);
		if (file)
			fclose(file);
	}
	if (dir)
		closedir(dir);
	if (!used) {
		fprintf(stderr, "no rules in %s\n", folder);
		exit(1);
	}
}

static void forget(struct message *message)
{
	for (size_t at = 0; at < message->count; at++)
		free(message->received[at]);
	message->count = 0;
}

static sfsistat negotiate(SMFICTX *ctx, unsigned long f0, unsigned long f1, unsigned long f2,
			  unsigned long f3, unsigned long *pf0, unsigned long *pf1,
			  unsigned long *pf2, unsigned long *pf3)
{
	static char none[] = "{bench_none}", rcpt[] = "i {rcpt_addr} {rcpt_mailer}", end[] = "i";
	static const int unused[] = { SMFIM_CONNECT, SMFIM_HELO, SMFIM_ENVFROM, SMFIM_DATA, SMFIM_EOH };
	(void)f2, (void)f3;
	for (size_t at = 0; at < sizeof unused / sizeof *unused; at++)
		smfi_setsymlist(ctx, unused[at], none);
	smfi_setsymlist(ctx, SMFIM_ENVRCPT, rcpt);
	smfi_setsymlist(ctx, SMFIM_EOM, end);
	*pf0 = (SMFIF_ADDRCPT | SMFIF_DELRCPT | SMFIF_SETSYMLIST) & f0;
	*pf1 = (SMFIP_NOCONNECT | SMFIP_NOHELO | SMFIP_NOHDRS | SMFIP_NOEOH | SMFIP_NOBODY |
		SMFIP_NOUNKNOWN | SMFIP_NODATA | SMFIP_NR_MAIL | (no_reply ? SMFIP_NR_RCPT : 0)) & f1;
	*pf2 = *pf3 = 0;
	struct message *message = calloc(1, sizeof *message);
	smfi_setpriv(ctx, message);
	return SMFIS_CONTINUE;
}

static sfsistat mail(SMFICTX *ctx, char **args)
{
	(void)args;
	forget(smfi_getpriv(ctx));
	return SMFIS_NOREPLY;
}

static sfsistat rcpt(SMFICTX *ctx, char **args)
{
	struct message *message = smfi_getpriv(ctx);
	if (message->count == message->room) {
		message->room = message->room ? 2 * message->room : 16;
		message->received = realloc(message->received, message->room * sizeof *message->received);
	}
	message->received[message->count++] = strdup(args[0]);
	return no_reply ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

static sfsistat end_of_message(SMFICTX *ctx)
{
	struct message *message = smfi_getpriv(ctx);
	for (size_t at = 0; at < message->count; at++) {
		char address[1100], *received = message->received[at];
		snprintf(address, sizeof address, "%s", received + (*received == '<'));
		address[strcspn(address, ">")] = 0;
		struct entry *entry = find(address);
		if (!entry->key)
			continue;
		snprintf(address, sizeof address, "<%s>", entry->target);
		if (smfi_delrcpt(ctx, received) != MI_SUCCESS || smfi_addrcpt(ctx, address) != MI_SUCCESS)
			return SMFIS_TEMPFAIL;
	}
	forget(message);
	return SMFIS_CONTINUE;
}

static sfsistat give_up(SMFICTX *ctx)
{
	forget(smfi_getpriv(ctx));
	return SMFIS_CONTINUE;
}

static sfsistat leave(SMFICTX *ctx)
{
	struct message *message = smfi_getpriv(ctx);
	if (message) {
		forget(message);
		free(message->received);
		free(message);
		smfi_setpriv(ctx, NULL);
	}
	return SMFIS_CONTINUE;
}

int main(int argc, char **argv)
{
	struct smfiDesc milter = {
		.xxfi_name = "bench",
		.xxfi_version = SMFI_VERSION,
		.xxfi_flags = SMFIF_ADDRCPT | SMFIF_DELRCPT | SMFIF_SETSYMLIST,
		.xxfi_envfrom = mail,
		.xxfi_envrcpt = rcpt,
		.xxfi_eom = end_of_message,
		.xxfi_abort = give_up,
		.xxfi_close = leave,
		.xxfi_negotiate = negotiate,
	};
	if (argc != 4) {
		fprintf(stderr, "usage: milter SOCKET RULES-FOLDER nr|reply\n");
		return 2;
	}
	no_reply = strcmp(argv[3], "nr") == 0;
	load(argv[2]);
	if (smfi_register(milter) != MI_SUCCESS || smfi_setconn(argv[1]) != MI_SUCCESS ||
	    smfi_setbacklog(4096) != MI_SUCCESS)
		return 1;
	return smfi_main();
}
