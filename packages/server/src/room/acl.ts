// Access rules on channels and rooms (dino.md section 6): what an action needs, in the words of the Dino API.
// They hold on every wire (design 6).

/** `action` as in "join", `type` as in "age", `value` as in "35:50". */
export interface Acl {
  readonly action: string
  readonly type: string
  readonly value: string
}
