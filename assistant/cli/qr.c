/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/cli/qr.h"

#include <qrencode.h>
#include <unistd.h>

/* Scanners want a light border of so many modules. */
#define BORDER 4

static void
code_free(QRcode **code)
{
	QRcode_free(*code);
}

static gboolean
is_dark(const QRcode *code, int row, int column)
{
	if (row < 0 || column < 0 || row >= code->width || column >= code->width)
		return FALSE;
	return (code->data[row * code->width + column] & 1) != 0;
}

gboolean
cli_qr_print(const char *text)
{
	/* upper and lower half: the ink is the light part, as most terminals are dark */
	static const char *const blocks[2][2] = {{"█", "▀"}, {"▄", " "}};
	__attribute__((cleanup(code_free))) QRcode *code =
		QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
	gboolean colours = isatty(STDOUT_FILENO) != 0;

	if (code == NULL)
		return FALSE;
	for (int row = -BORDER; row < code->width + BORDER; row += 2) {
		g_print("%s", colours ? "\033[97;40m" : "");
		for (int column = -BORDER; column < code->width + BORDER; column++)
			g_print("%s",
				blocks[is_dark(code, row, column)][is_dark(code, row + 1, column)]);
		g_print("%s\n", colours ? "\033[0m" : "");
	}
	return TRUE;
}
