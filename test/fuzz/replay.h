/*
 * replay.h
 *	  main() of a target that replays: what is in the directories that are given,
 *	  file by file, one TAP assertion for each.  Included before the target; the
 *	  compiler is told FUZZ_TARGET, the target's name, in quotes.
 *
 * A file that breaks a promise ends the program, and so the plan is not kept.
 */
#ifndef INFERACCT_REPLAY_H
#define INFERACCT_REPLAY_H

#include <dirent.h>

#include "fuzz.h"
#include "tap.h"

/* Returns how many files there were; a directory that is missing has none. */
static int
Replay(const char *kind)
{
	char		where[512];
	struct dirent **files;
	int			nfiles;

	snprintf(where, sizeof(where), "test/fuzz/%s/" FUZZ_TARGET, kind);
	nfiles = scandir(where, &files, NULL, alphasort);
	if (nfiles < 0)
		return 0;
	for (int i = 0; i < nfiles; i++)
	{
		static uint8_t data[1 << 20];
		char		path[1024];
		FILE	   *file;
		size_t		size;
		uint8_t    *exact;

		snprintf(path, sizeof(path), "%s/%s", where, files[i]->d_name);
		if (files[i]->d_name[0] != '.')
		{
			file = fopen(path, "rb");
			size = file == NULL ? 0 : fread(data, 1, sizeof(data), file);
			printf("# %s\n", path);
			fflush(stdout);
			exact = malloc(size);
			memcpy(exact, data, size);
			LLVMFuzzerTestOneInput(exact, size);
			free(exact);
			Ok(file != NULL && size < sizeof(data), "%s", path);
			if (file != NULL)
				fclose(file);
		}
		free(files[i]);
	}
	free(files);
	return nfiles;
}

int
main(void)
{
	LLVMFuzzerTestOneInput((const uint8_t *) "", 0);
	Ok(Replay("seeds") > 0, "there are seeds");
	Replay("regression");
	return Done();
}

#endif							/* INFERACCT_REPLAY_H */
