/*
 * name_pattern.c
 *	  Aliases that stand for many names.
 */
#include "model/name_pattern.h"

#include <string.h>

bool
IsNamePattern(const char *alias)
{
	const char *slash = strchr(alias, '/');
	const char *star = strchr(alias, '*');
	size_t		length = strlen(alias);

	if (slash == NULL || star == NULL || star < slash || length < 3)
		return false;
	if (star == slash + 1)
	{
		star = strchr(star + 1, '*');
		return star == NULL ? slash[2] != '\0' : star == alias + length - 1 && star > slash + 2;
	}
	return star == alias + length - 1 && star > slash + 1;
}

size_t
NamePatternMatches(const char *alias, const char *provider, const char *name)
{
	const char *text = strchr(alias, '/') + 1;
	size_t		length = strlen(text);
	size_t		name_length = strlen(name);
	bool		open_start = text[0] == '*';
	bool		open_end = text[length - 1] == '*';

	if (provider[0] != '\0' && (strlen(provider) != (size_t) (text - alias - 1) || strncmp(alias, provider, strlen(provider)) != 0))
		return 0;
	text += open_start;
	length -= (size_t) open_start + open_end;
	if (length > name_length)
		return 0;
	if (!open_start)
		return strncmp(name, text, length) == 0 ? length : 0;
	if (!open_end)
		return strcmp(name + name_length - length, text) == 0 ? length : 0;
	for (size_t i = 0; i + length <= name_length; i++)
	{
		if (strncmp(name + i, text, length) == 0)
			return length;
	}
	return 0;
}
