/*
 * weekly_hours.c
 *	  Weekly windows of prices.  The first byte chooses how much room there is.
 */
#include "fuzz.h"

#include "core/weekly_hours.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t		timezone_size;
	int			max_spans;
	int			nspans = 0;
	char	   *text;
	char	   *timezone;
	WindowSpan *spans;

	if (size == 0)
		return 0;
	timezone_size = data[0] % 2 == 0 ? WINDOWS_TIMEZONE_SIZE : 4;
	max_spans = data[0] % 4 < 2 ? WINDOWS_MAX_SPANS : 2;
	text = FuzzText(data + 1, size - 1);
	timezone = malloc(timezone_size);
	spans = malloc((size_t) max_spans * sizeof(WindowSpan));
	if (WindowsParse(text, timezone, timezone_size, spans, max_spans, &nspans))
	{
		Promise(EndsWithin(timezone, timezone_size), "a time zone fits");
		Promise(nspans > 0 && nspans <= max_spans, "there are as many spans as there is room for");
		for (int i = 0; i < nspans; i++)
			Promise(spans[i].days != 0 && spans[i].days < 128 && spans[i].from < spans[i].to && spans[i].to <= 1440,
					"a span lies within a day, on some days");
	}
	free(spans);
	free(timezone);
	free(text);
	return 0;
}
