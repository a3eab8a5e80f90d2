/*
 * catalog.c
 *	  Price catalogs.  The first byte chooses the format.
 *
 * Every row that is read is one that a table takes: a price has one figure, which
 * is exact, of a meter that there is, in windows that can be read.
 */
#include "fuzz.h"

#include "catalog/price_catalog.h"
#include "core/meter.h"
#include "core/money.h"
#include "core/weekly_hours.h"

static void
CheckPrice(const CatalogRow *row)
{
	static char timezone[WINDOWS_TIMEZONE_SIZE];
	static WindowSpan spans[WINDOWS_MAX_SPANS];
	int			nspans;
	int64_t		rate;

	Promise(row->provider != NULL && row->model != NULL && row->region != NULL && row->service_tier != NULL && row->meter != NULL,
			"a price says whose it is");
	Promise(strcmp(row->meter, "*") == 0 ? row->multiplier != NULL : MeterByName(row->meter, strlen(row->meter)) != METER_COUNT,
			"a price is of a meter that there is");
	Promise((row->usd != NULL) + (row->amount != NULL) + (row->multiplier != NULL) <= 1, "a price has at most one figure");
	Promise((row->amount != NULL) == (row->currency != NULL && strcmp(row->currency, "USD") != 0), "an amount has its currency");
	Promise(row->unit_quantity > 0 && row->above_input_tokens >= 0, "a price is for some units");
	if (row->usd != NULL)
		Promise(RateFromDecimal(row->usd, row->unit_quantity, &rate) == MONEY_OK, "a price in USD is exact");
	if (row->time_windows != NULL)
		Promise(WindowsParse(row->time_windows, timezone, sizeof(timezone), spans, WINDOWS_MAX_SPANS, &nspans),
				"windows can be read");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Catalog		catalog;
	char	   *text;

	if (size == 0)
		return 0;
	text = FuzzText(data + 1, size - 1);
	if (CatalogParse(text, size - 1, (CatalogFormat) (data[0] % 3), Never, &catalog) == CATALOG_MALFORMED)
		Promise(catalog.detail[0] != '\0' && EndsWithin(catalog.detail, sizeof(catalog.detail)), "it is said what is wrong");
	else
	{
		for (size_t i = 0; i < catalog.row_count; i++)
		{
			const CatalogRow *row = &catalog.rows[i];

			Promise(row->path != NULL && CatalogKindName(row->kind) != NULL, "a row says where it lies");
			Promise((row->problem != NULL) == (row->kind == CATALOG_REJECTED || row->kind == CATALOG_MERGED), "what is no row says why");
			if (row->kind == CATALOG_PRICE)
				CheckPrice(row);
		}
	}
	CatalogFree(&catalog);
	free(text);
	return 0;
}
