// Faults that are planted into the server's own text as it is loaded, one at a time: each must be found by the seeds that
// `npm test` runs. There is no switch for them in the server. A text that is not there any more fails the test.

export interface Fault {
  readonly name: string
  /** Under packages/server/src. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly from: string
  readonly to: string
}

export const FAULTS: readonly Fault[] = [
  {
    name: 'a rotation goes without the wrap of a member',
    file: 'room/rotation.ts',
    from: "for (const user of roster) if (!covered.has(user)) return { rejected: 'wrap.missing', user }",
    to: '',
  },
  {
    name: 'a wrap for an old key is taken',
    file: 'room/rotation.ts',
    from: 'if (wrap.publicKeyVersion !== newest.version) {',
    to: 'if (wrap.publicKeyVersion === "") {',
  },
  {
    name: 'a key version need not grow',
    file: 'room/rotation.ts',
    from: 'if (now !== null && compareVersions(version, now) <= 0) {',
    to: 'if (now !== null && compareVersions(version, now) < 0) {',
  },
  {
    name: 'whoever lost the race for an epoch wins the next one unseen',
    file: 'room/rotation.ts',
    from: "if (context.overtaken) return { rejected: 'conflict', current: now }",
    to: '',
  },
  {
    name: 'a key version far ahead is taken',
    file: 'room/rotation.ts',
    from: 'if (Number(version) > context.now + VERSION_AHEAD)',
    to: 'if (Number(version) > context.now + 2 * VERSION_AHEAD)',
  },
  {
    name: 'the signature of a message is not verified',
    file: 'room/signatures.ts',
    from: 'return context.verify(key, text.value, content.signature)',
    to: 'return key',
  },
  {
    name: 'the signature of a change is not verified',
    file: 'room/signatures.ts',
    from: 'return context.verify(key, text.value, signature.signature) ?',
    to: 'return key ?',
  },
  {
    name: 'a signature over a stale roster is taken',
    file: 'room/commands/add-members.ts',
    from: '  if (!sameSet(change.currentMemberIds, state.members.keys())) return outdated(state, version, context)\n',
    to: '',
  },
  {
    name: 'a closed room takes a message',
    file: 'room/signatures.ts',
    from: "if (state.closed) return { rejected: 'room.closed' }",
    to: '',
  },
  {
    name: 'a removal without a rotation leaves the room open',
    file: 'room/sanctions.ts',
    from: "return state.epoch !== null && (state.suite === 'xchat' || context.settings.lockstep)",
    to: 'return state.epoch !== null && context.settings.lockstep',
  },
  {
    name: 'an encrypted room takes plaintext',
    file: 'room/commands/send-message.ts',
    from: 'if (content.suite !== state.suite) {',
    to: "if (content.suite !== state.suite && content.suite !== 'none') {",
  },
  {
    name: 'a message under a former key is taken',
    file: 'room/signatures.ts',
    from: 'if (event.conversationKeyVersion !== state.epoch.version)',
    to: "if (event.conversationKeyVersion === '')",
  },
  {
    name: 'whoever is banned sends on',
    file: 'room/commands/send-message.ts',
    from: 'checkStanding(state, facts.channel, account, context.now) ??',
    to: '',
  },
  {
    name: 'whoever is muted sends on',
    file: 'room/commands/send-message.ts',
    from: '(command.ignoreMutes ? null : checkMute(state, facts.channel, account, context.now)) ??',
    to: '',
  },
  {
    name: 'the append is not conditional on the control sequence',
    file: 'store/sqlite/commit.ts',
    from: "if (control !== append.control) return { outcome: 'moved', control }",
    to: '',
  },
  {
    name: 'the versions that were decided on are not compared',
    file: 'store/sqlite/commit.ts',
    from: "if (this.#version(batch, guard.of, guard.id) !== guard.version) return { outcome: 'stale', guard }",
    to: '',
  },
  {
    name: 'a decision does not name the accounts that it saw',
    file: 'engine/facts.ts',
    from: "this.#accounts.name('account', guards)",
    to: '',
  },
  {
    name: 'a decision does not name the keys that it saw',
    file: 'engine/facts.ts',
    from: "this.#keys.name('keys', guards)",
    to: '',
  },
  {
    name: 'a decision does not name the channel that it saw',
    file: 'engine/facts.ts',
    from: "const guards: Guard[] = [{ of: 'channel', id: this.channel.id, version: this.channel.version }]",
    to: 'const guards: Guard[] = []',
  },
  {
    name: 'ids of messages and actions may be used again',
    file: 'engine/engine.ts',
    from: 'messageKeys: decision.messageKeys ?? [],',
    to: 'messageKeys: [],',
  },
  {
    name: 'the same id with another content gets the first answer',
    file: 'engine/repeated.ts',
    from: 'known.room !== room || known.digest !== sent.digest',
    to: 'known.room !== room',
  },
  {
    name: 'a message is answered before it is committed',
    file: 'engine/engine.ts',
    from: '    this.#parts.writer.put(running)\n',
    to: `    if (command.command === 'send-message' && before) {
      void this.#parts.writer.write(item)
      const [body] = bodies as [EventBody]
      const event = { room, sequence: before.control + 1, id: '1' as RoomEvent['id'], at: now, actor: command.actor, body }
      this.#end(running, { events: [event], room: before, repeated: false })
      return
    }
    this.#parts.writer.put(running)
`,
  },
  {
    name: 'the state in memory moves before the commit',
    file: 'engine/engine.ts',
    from: '    this.#parts.writer.put(running)\n',
    to: `    const early = bodies.map((body, index) => ({
      room, sequence: (before?.control ?? 0) + index + 1, id: '1' as RoomEvent['id'], at: now, actor: command.actor, body,
    }))
    this.#parts.rooms.set(fold(before, early) as RoomState)
    this.#parts.writer.put(running)
`,
  },
  {
    name: 'what is committed is published with the room as it was before',
    file: 'engine/engine.ts',
    from: '        room: after,\n',
    to: '        room: before ?? after,\n',
  },
  {
    name: 'outcomes of a batch are mixed up',
    file: 'engine/writer.ts',
    from: 'this.#answer(part, outcomes, ',
    to: 'this.#answer(part, outcomes.toReversed(), ',
  },
  {
    name: 'the events of an item are written by half',
    file: 'store/sqlite/commit.ts',
    from: 'const events = bodies.map(body =>',
    to: 'const events = bodies.slice(0, Math.max(1, bodies.length - 1)).map(body =>',
  },
  {
    name: 'an item that is refused leaves its events in the log',
    file: 'store/sqlite/commit.ts',
    from: 'const outcomes = items.map(item => this.#refuse(batch, item) ?? this.#write(batch, item))',
    to: `const outcomes = items.map(item => {
        const refused = this.#refuse(batch, item)
        const written = !refused || (refused.outcome === 'stale' && item.append?.messageKeys.length === 0) ? this.#write(batch, item) : refused
        return refused ?? written
      })`,
  },
  {
    name: 'a transaction is answered and rolled back',
    file: 'store/sqlite/commit.ts',
    from: '      this.#sql.commit.run()\n      this.#keep(batch)',
    to: `      if (items.length > 2) this.#database.exec('ROLLBACK')
      else this.#sql.commit.run()
      this.#keep(batch)`,
  },
  {
    name: 'whoever was let in reads what came before',
    file: 'store/projection.ts',
    from: "body.reads === 'all' ? 0 : Math.max(sequence - 1, first)",
    to: '0',
  },
  {
    name: 'events of a room are delivered as they arrive',
    file: 'bus/cluster/room-queue.ts',
    from: `const next = this.#waiting.get(this.#last + 1)
      if (!next || !this.#isWhole(next)) break
      this.#waiting.delete(this.#last + 1)`,
    to: `const next = this.#waiting.values().next().value
      if (!next) break
      this.#waiting.delete(next.event.sequence)`,
  },
  {
    name: 'a gap is not read but stepped over',
    file: 'bus/cluster/room-queue.ts',
    from: 'const events = (await this.#parts.store.page({ ...query, after })) ?? []',
    to: `const events: RoomEvent[] = []
      if (this.#waiting.size > 0) this.#last = Math.min(...this.#waiting.keys()) - 1`,
  },
  {
    name: 'what a node committed is delivered again after it was read',
    file: 'bus/cluster/room-queue.ts',
    from: `const { sequence } = event
    if (this.#last !== null && sequence <= this.#last) return
    if (sequence - 1`,
    to: `const { sequence } = event
    if (this.#last !== null && sequence <= this.#last) return this.#parts.event(message, false)
    if (sequence - 1`,
  },
  {
    name: 'a last event that was lost is not looked for',
    file: 'bus/cluster/room-queue.ts',
    from: `if (sequence <= this.#newest) return
    this.#newest = sequence
    this.#go()`,
    to: 'if (sequence <= this.#newest) return',
  },
  {
    name: 'what comes from another node is delivered with the room as it was before',
    file: 'bus/cluster/room-queue.ts',
    from: 'let room = applied(before, event)',
    to: 'let room = before ?? applied(before, event)',
  },
  {
    name: 'a node leaves it to others to put out whom they ban or remove',
    file: 'engine/occupancy.ts',
    from: 'this.#places?.enter(room, { session, since: admitted.room.control })',
    to: '',
  },
  {
    name: 'a node leaves it to others to put out whom they ban from a channel',
    file: 'engine/occupancy.ts',
    from: 'if (channel && account && this.#isBarred(room, channel, account, clock.now()))',
    to: 'if (channel?.id === "" && account && this.#isBarred(room, channel, account, clock.now()))',
  },
  {
    name: 'a room is followed from an event too late',
    file: 'bus/cluster/room-queue.ts',
    from: 'let first = head + 1',
    to: 'let first = head + 2',
  },
]
