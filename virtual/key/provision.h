/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fills a state file while no key runs on it: for tests and rehearsals. */
#ifndef VK_PROVISION_H
#define VK_PROVISION_H

/* "provision ..." of the command line; returns the exit code and has said why. */
int vk_provision(int argc, char **argv);

#endif
