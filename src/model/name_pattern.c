/*
 * name_pattern.c
 *	  Aliases that stand for many names.
 */
#include "model/name_pattern.h"

#include <string.h>

/* What a pattern states of a name, and whether more may stand before and after it. */
typedef struct Stated
{
	const char *text;
	size_t		length;
	bool		open_start;
	bool		open_end;
} Stated;

static Stated
StatedOf(const char *alias)
{
	const char *text = strchr(alias, '/') + 1;
	size_t		length = strlen(text);
	Stated		stated = {.open_start = text[0] == '*'};

	stated.open_end = length > stated.open_start && text[length - 1] == '*';
	stated.text = text + stated.open_start;
	stated.length = length - stated.open_start - stated.open_end;
	return stated;
}

bool
IsNamePattern(const char *alias)
{
	const char *slash = strchr(alias, '/');
	Stated		stated;

	if (slash == NULL || memchr(alias, '*', (size_t) (slash - alias)) != NULL)
		return false;
	stated = StatedOf(alias);
	if (strspn(stated.text, "*#") >= stated.length || memchr(stated.text, '*', stated.length) != NULL)
		return false;
	return stated.open_start || stated.open_end || memchr(stated.text, '#', stated.length) != NULL;
}

/* Do these bytes of a name say what is stated? */
static bool
Says(const char *name, const Stated *stated)
{
	for (size_t i = 0; i < stated->length; i++)
	{
		bool		digit = name[i] >= '0' && name[i] <= '9';

		if (stated->text[i] != name[i] && !(stated->text[i] == '#' && digit))
			return false;
	}
	return true;
}

size_t
NamePatternMatches(const char *alias, const char *provider, const char *name)
{
	size_t		provider_length = strlen(provider);
	size_t		name_length = strlen(name);
	Stated		stated = StatedOf(alias);
	size_t		last;

	if (provider_length > 0 && (strncmp(alias, provider, provider_length) != 0 || alias[provider_length] != '/'))
		return 0;
	if (stated.length > name_length || (stated.length < name_length && !stated.open_start && !stated.open_end))
		return 0;
	last = stated.open_start ? name_length - stated.length : 0;
	for (size_t i = stated.open_end ? 0 : last; i <= last; i++)
	{
		if (Says(name + i, &stated))
			return stated.length;
	}
	return 0;
}
