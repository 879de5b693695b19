// What somebody may see of an event, as conditions of the statements that read (L10): the event is `e`, and `room`,
// `user`, `suite` and `now` (ms since 1970) are the statement's own expressions for them, ids as bigint.

/** The end of a span that is open, and of a page without one. */
export const NO_END = Number.MAX_SAFE_INTEGER

export const isMember = (room: string, user: string): string =>
  `EXISTS (SELECT 1 FROM conclave.spans o WHERE o.room = ${room} AND o.user = ${user} AND o.to_sequence IS NULL)`

/** The ACLs stand as they did when they were asked. */
export const holdsAt = (room: string, control: string): string =>
  `EXISTS (SELECT 1 FROM conclave.rooms r WHERE r.id = ${room} AND r.control = ${control})`

/** No whisper, or one of the user's own, or one to them. */
export const isHeard = (user: string): string =>
  `(e.audience IS NULL OR e.actor = ${user} OR strpos(e.audience, ',' || ${user} || ',') > 0)`

/** Within a span of the user's, open or not. */
export const isSpanned = (room: string, user: string): string =>
  `EXISTS (SELECT 1 FROM conclave.spans s WHERE s.room = ${room} AND s.user = ${user}
    AND s.from_sequence <= e.sequence AND e.sequence <= coalesce(s.to_sequence, ${NO_END}))`

/** Whether the user was a member right after the event of that sequence. */
export const wasMemberAfter = (room: string, user: string, sequence: string): string =>
  `EXISTS (SELECT 1 FROM conclave.spans s WHERE s.room = ${room} AND s.user = ${user}
    AND s.from_sequence <= ${sequence} AND ${sequence} < coalesce(s.to_sequence, ${NO_END}))`

/** A message that somebody else sent and that could have reached the user: plain rooms show their whole log. */
export const isReceived = (room: string, user: string, suite: string): string =>
  `e.actor IS DISTINCT FROM ${user} AND ${isHeard(user)} AND (${suite} = 'none' OR ${isSpanned(room, user)})`

/** A message that the user has not hidden from themselves. */
export const isUnhidden = (room: string, user: string): string =>
  `coalesce((SELECT h.high FROM conclave.hidden h WHERE h.user = ${user} AND h.room = ${room}
    AND h.low <= e.sequence ORDER BY h.low DESC LIMIT 1), 0) < e.sequence`

/** Its time has not ended. */
export const isLasting = (now: string): string => `(e.expires_at IS NULL OR e.expires_at > ${now})`
