// What somebody may see of an event, as conditions of the statements that read (L10): the event is `e`, and `room`,
// `user` and `suite` are the statement's own expressions for them.

/** The end of a span that is open, and of a page without one. */
export const NO_END = Number.MAX_SAFE_INTEGER

export const isMember = (room: string, user: string): string =>
  `EXISTS (SELECT 1 FROM spans o WHERE o.room = ${room} AND o.user = ${user} AND o.to_sequence IS NULL)`

/** No whisper, or one of the user's own, or one to them. */
export const isHeard = (user: string): string =>
  `(e.audience IS NULL OR e.actor = ${user} OR instr(e.audience, ',' || ${user} || ',') > 0)`

/** Within a span of the user's, open or not. */
export const isSpanned = (room: string, user: string): string =>
  `EXISTS (SELECT 1 FROM spans s WHERE s.room = ${room} AND s.user = ${user}
    AND s.from_sequence <= e.sequence AND e.sequence <= ifnull(s.to_sequence, ${NO_END}))`

/** A message that somebody else sent and that could have reached the user: plain rooms show their whole log. */
export const isReceived = (room: string, user: string, suite: string): string =>
  `e.actor IS NOT ${user} AND ${isHeard(user)} AND (${suite} = 'none' OR ${isSpanned(room, user)})`
