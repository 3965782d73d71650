/* SPDX-License-Identifier: MIT */
/* main.c - the `tidemark` program: finds the subcommand and runs it */
#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

struct command {
	const char *name;
	const char *about;
	int	   (*run)(int argc, char **argv);
};

static const struct command commands[] = {
	{ "replay", "run programs, with a trace, and check everything", cmd_replay },
	{ "show", "print programs as text", cmd_show },
	{ "asm", "turn text into binary", cmd_asm },
	{ "gen", "print a random program", cmd_gen },
	{ "min", "make a failing program smaller", cmd_min },
	{ "export", "print a program as a unit test in C", cmd_export },
	{ "boot", "boot a machine and print what its user would read", cmd_boot },
	{ "hash", "print the hash of the state after every op", cmd_hash },
	{ "linux", "compare with the real kernel of a guest", cmd_linux },
	{ "bench", "measure core on its own", cmd_bench },
	{ "stress", "let real threads use one machine", cmd_stress },
	{ "import-stress", "make a program of a failed stress run's log", cmd_import_stress },
};

enum { NR_COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void help(FILE *out)
{
	fputs("Usage: tidemark COMMAND [OPTION...] [FILE...]\n"
	      "Run programs of memory allocations against a model of the Linux page allocator.\n\n",
	      out);
	for (unsigned int i = 0; i < NR_COMMANDS; i++)
		fprintf(out, "  %-13s %s\n", commands[i].name, commands[i].about);
	fputs("\n`tidemark COMMAND --help' tells more, with an example.\n"
	      "Exit status: 0 nothing found, 1 something found, 2 trouble.\n", out);
}

static int trouble(const char *what, const char *word)
{
	fprintf(stderr, "tidemark: %s%s%s\nTry `tidemark --help' for more information.\n", what,
		word ? ": " : "", word ? word : "");
	return EXIT_TROUBLE;
}

static int run(const struct command *command, int argc, char **argv)
{
	char name[32];
	int status;

	snprintf(name, sizeof(name), "tidemark %s", command->name);
	argv[1] = name;
	status = command->run(argc - 1, argv + 1);
	if ((fflush(stdout) || ferror(stdout)) && status == EXIT_GOOD) {
		perror("tidemark: standard output");
		status = EXIT_TROUBLE;
	}
	return status;
}

int main(int argc, char **argv)
{
	argp_program_version = "tidemark 0.1";
	argp_err_exit_status = EXIT_TROUBLE;
	if (argc < 2)
		return trouble("expected a command, got none", NULL);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-?") || !strcmp(argv[1], "help")) {
		help(stdout);
		return EXIT_GOOD;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		puts(argp_program_version);
		return EXIT_GOOD;
	}
	for (unsigned int i = 0; i < NR_COMMANDS; i++)
		if (!strcmp(argv[1], commands[i].name))
			return run(&commands[i], argc, argv);
	return trouble("expected a command, got", argv[1]);
}
