/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Check and repair: the links from the USB port to the hall, the finding, its repair, a report. */
#ifndef OUK_UI_DOCTOR_PAGE_H
#define OUK_UI_DOCTOR_PAGE_H

#include <gtk/gtk.h>

#define OUK_TYPE_DOCTOR_PAGE ouk_doctor_page_get_type()
G_DECLARE_FINAL_TYPE(OukDoctorPage, ouk_doctor_page, OUK, DOCTOR_PAGE, GtkScrolledWindow)

GtkWidget *ouk_doctor_page_new(void);

#endif
