/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virtual/key/link.h"

#include "common/secret.h"
#include "virtual/key/sockets.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define RETRY_US 200000 /* between two attempts to reach vpcd */

enum { CONTROL_OFF = 0, CONTROL_ON = 1, CONTROL_RESET = 2, CONTROL_ATR = 4 };

static uint64_t
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* The reader is gone, and with it the power. */
static void
drop_reader(struct vk_link *link)
{
	if (link->conn < 0)
		return;
	close_fd(&link->conn);
	uk_wipe(link->in, link->in_len);
	uk_wipe(link->out, link->out_len);
	link->in_len = link->out_len = 0;
	link->retry_us = now_us() + RETRY_US;
	vk_card_power(link->card, VK_POWER_OFF);
}

static void
close_listener(struct vk_link *link)
{
	if (link->listener < 0)
		return;
	(void)unlink(link->path);
	close_fd(&link->listener);
}

bool
vk_link_open(struct vk_link *link)
{
	link->plugging = vk_card_plugging(link->card);
	if (link->path == NULL || !vk_card_plugged(link->card))
		return true;
	link->listener = vk_socket_listen(link->path);
	return link->listener >= 0;
}

void
vk_link_close(struct vk_link *link)
{
	drop_reader(link);
	close_listener(link);
}

bool
vk_link_sync(struct vk_link *link)
{
	if (vk_card_plugging(link->card) == link->plugging)
		return true;
	vk_link_close(link);
	return vk_link_open(link);
}

int
vk_link_poll(const struct vk_link *link, struct pollfd *ret_fd)
{
	uint64_t now = now_us(), until = 0;

	*ret_fd = (struct pollfd){.fd = link->conn >= 0 ? link->conn : link->listener,
				  .events = POLLIN};
	if (link->conn >= 0 && link->in_len == sizeof(link->in))
		ret_fd->events = 0; /* a whole frame waits until the answer is out */
	if (link->out_len > 0)
		until = link->due_us;
	else if (link->conn < 0 && link->vpcd_host != NULL && vk_card_plugged(link->card))
		until = link->retry_us;
	else
		return -1;
	return until <= now ? 0 : (int)((until - now + 999) / 1000);
}

static void
connect_vpcd(struct vk_link *link)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *list = NULL;

	link->retry_us = now_us() + RETRY_US;
	if (getaddrinfo(link->vpcd_host, link->vpcd_port, &hints, &list) != 0)
		return;
	for (const struct addrinfo *at = list; at != NULL && link->conn < 0; at = at->ai_next) {
		link->conn = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
		if (link->conn >= 0 && connect(link->conn, at->ai_addr, at->ai_addrlen) != 0)
			close_fd(&link->conn);
	}
	freeaddrinfo(list);
}

/* Lays out the frame that goes out next. */
static void
set_frame(struct vk_link *link, struct uk_span bytes, uint64_t delay_us)
{
	struct uk_writer out = uk_writer_of(link->out, sizeof(link->out));

	if (bytes.len > VK_FRAME_MAX)
		bytes.len = VK_FRAME_MAX;
	uk_put_u16(&out, UK_BIG_ENDIAN, (uint16_t)bytes.len);
	uk_put(&out, bytes);
	link->out_len = out.len;
	link->due_us = now_us() + delay_us;
}

static void
send_frame(struct vk_link *link)
{
	bool sent = vk_socket_send(link->conn, uk_span_of(link->out, link->out_len));

	uk_wipe(link->out, link->out_len);
	link->out_len = 0;
	if (!sent)
		drop_reader(link);
}

static void
run_control(struct vk_link *link, uint8_t control)
{
	switch (control) {
	case CONTROL_OFF:
		vk_card_power(link->card, VK_POWER_OFF);
		return;
	case CONTROL_ON:
		vk_card_power(link->card, VK_POWER_ON);
		return;
	case CONTROL_RESET:
		vk_card_power(link->card, VK_POWER_RESET);
		return;
	case CONTROL_ATR:
		set_frame(link, vk_card_atr(link->card), 0);
		return;
	default:
		return; /* not for us */
	}
}

static void
run_frame(struct vk_link *link, struct uk_span frame)
{
	uint8_t room[UK_REPLY_MAX];
	struct uk_writer reply = uk_writer_of(room, sizeof(room));
	uint64_t delay_us;

	if (frame.len == 0)
		return;
	if (frame.len == 1) {
		run_control(link, frame.ptr[0]);
		return;
	}
	if (vk_card_apdu(link->card, frame, &reply, &delay_us) == VK_ANSWERED)
		set_frame(link, uk_span_of(room, reply.len), delay_us);
	uk_wipe(room, reply.len);
}

/* Runs the frames that are complete, one answer at a time. */
static void
run_frames(struct vk_link *link)
{
	while (link->conn >= 0 && link->out_len == 0 && vk_card_plugged(link->card)) {
		struct uk_span in = uk_span_of(link->in, link->in_len), frame;
		uint16_t len;

		if (!uk_take_u16(&in, UK_BIG_ENDIAN, &len) || !uk_take(&in, len, &frame))
			return;
		run_frame(link, frame);
		uk_wipe(link->in, 2 + (size_t)len);
		memmove(link->in, link->in + 2 + len, in.len);
		link->in_len = in.len;
		if (link->out_len > 0 && link->due_us <= now_us())
			send_frame(link);
	}
}

static void
read_reader(struct vk_link *link)
{
	const int on = 1;
	ssize_t got;

	/* vpcd sends length and bytes apart: without this the second waits 40 ms for our ACK. */
	if (link->vpcd_host != NULL)
		(void)setsockopt(link->conn, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
	got = recv(link->conn, link->in + link->in_len, sizeof(link->in) - link->in_len,
		   MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		drop_reader(link);
		return;
	}
	link->in_len += (size_t)got;
}

void
vk_link_run(struct vk_link *link, const struct pollfd *fd)
{
	if (link->conn < 0 && link->listener >= 0 && (fd->revents & POLLIN) != 0)
		link->conn = vk_socket_accept(link->listener);
	else if (link->conn < 0 && link->vpcd_host != NULL && vk_card_plugged(link->card) &&
		 link->retry_us <= now_us())
		connect_vpcd(link);
	else if (link->conn >= 0 && fd->fd == link->conn && (fd->revents & ~POLLOUT) != 0)
		read_reader(link);
	if (link->conn >= 0 && link->out_len > 0 && link->due_us <= now_us())
		send_frame(link);
	run_frames(link);
}
