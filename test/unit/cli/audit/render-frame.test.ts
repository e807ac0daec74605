import t from 'tap'
import { Changes } from '../../../../src/cli/audit/changes'
import { renderFrame } from '../../../../src/cli/audit/render-frame'
import type { MachineAudit, ProcessAudit } from '../../../../src/outside/outside-auditor'
import type { OutsideSocket } from '../../../../src/outside/outside-socket'
import { createPaint } from '../../../../src/terminal/terminal'
import { fires } from '../../../kernel-words'

const plain = createPaint({ write() {} }, {})
const off = 'Keepalive is off; the path forgets it after 4m.'

let inode = 0

function connections(
  count: number,
  port: number,
  verdict: OutsideSocket['judged']['verdict'],
): OutsideSocket[] {
  return Array.from({ length: count }, () => ({
    inode: ++inode,
    uid: 0,
    fds: [inode],
    local: { address: '192.0.2.7', port: 10_000 + inode },
    remote: { address: '198.51.100.9', port },
    state: 'established',
    word: fires(1_000),
    times: { lastSentMs: 61_000, lastReceivedMs: 61_000, lastAnswerMs: 1_000 },
    options: null,
    source: 'sock_diag',
    judged: { verdict, reason: verdict === 'safe' ? '' : off },
  }))
}

function program(pid: number, sockets: readonly OutsideSocket[]): ProcessAudit {
  return {
    pid,
    command: 'node server.js',
    uid: 0,
    ageMs: 5_000,
    container: null,
    pod: null,
    node: true,
    hook: null,
    sysctls: { known: false, why: 'not asked' },
    sockets,
    skippedLines: 0,
    unplaced: 0,
    refused: null,
  }
}

function audit(...processes: ProcessAudit[]): MachineAudit {
  return { looked: 9, processes, unseen: [] }
}

const look = { paint: plain, time: '20:15:19', isMarked: () => false }

function frame(seen: MachineAudit, columns: number, rows: number, each = true): string[] {
  return renderFrame(seen, 240_000, { ...look, each, size: { columns, rows } }).split('\n')
}

const large = audit(
  program(7, connections(100, 443, 'safe')),
  program(8, [...connections(200, 5432, 'at-risk'), ...connections(1, 6379, 'dying')]),
)

t.test('worst on top, as high and as wide as the screen, and the rest is counted', (t) => {
  const lines = frame(large, 120, 24)
  t.equal(lines.length, 24)
  t.match(lines[0], /^20:15:19 - 301 outbound: 1 dying, 200 at risk, 0 unknown, 100 safe/)
  t.match(lines[2], /^Process 8: node server\.js/)
  t.match(lines[3], /^ {3}VERDICT {2}REMOTE +LOCAL +FD +IDLE/)
  t.match(lines[4], /^ {3}dying {4}198\.51\.100\.9:6379 /)
  const shown = lines.filter((line) => /^ {3}(dying|at risk|safe) /.test(line)).length
  t.equal(lines.at(-1), `… and ${301 - shown} more`)
  t.ok(shown > 15, `${shown} connections`)
  t.end()
})

t.test('no line is longer than the screen is wide, and no screen too small', (t) => {
  for (const columns of [1, 20, 40, 80, 120, 400]) {
    for (const rows of [1, 2, 3, 6, 24, 400]) {
      const lines = frame(large, columns, rows)
      t.ok(lines.length <= rows, `${lines.length} of ${rows}`)
      if (columns < 20) continue
      t.strictSame(
        lines.filter((line) => line.length > columns),
        [],
        `${columns} x ${rows}`,
      )
    }
  }
  t.end()
})

t.test('what fits is there whole, without a count of what is left out', (t) => {
  const lines = frame(large, 120, 24, false)
  t.notMatch(lines.join('\n'), '… and')
  t.match(lines.join('\n'), /safe {5}198\.51\.100\.9:443 x 100/)
  t.end()
})

t.test('what could not be looked into is not pushed out', (t) => {
  const why = '12 processes of another user could not be looked into.'
  const group = { reason: 'other-user' as const, count: 12, processes: [], why, action: 'Be root.' }
  const lines = frame({ ...large, unseen: [group] }, 120, 10)
  t.equal(lines[2], `${why} Next: Be root.`)
  const none = frame({ ...audit(), unseen: [group] }, 120, 10)
  t.strictSame(none, ['20:15:19 - No outbound connections were seen.', `${why} Next: Be root.`])
  t.end()
})

t.test('a change is marked, and no more after five seconds', (t) => {
  for (const each of [false, true]) {
    const changes = new Changes(each)
    const marked = (seen: MachineAudit, now: number) => {
      changes.see(seen, now)
      const isMarked: Changes['isMarked'] = (pid, group) => changes.isMarked(pid, group)
      const size = { columns: 200, rows: 100 }
      return renderFrame(seen, 240_000, { ...look, each, size, isMarked })
        .split('\n')
        .filter((line) => line.startsWith('*'))
        .map((line) => /:(\d+)( x \d+)?/.exec(line)?.[0])
    }
    const [two, one] = [connections(2, 443, 'safe'), connections(1, 80, 'at-risk')]
    const first = audit(program(7, [...two, ...one]))
    t.strictSame(marked(first, 0), [], 'nothing is known of before')
    t.strictSame(marked(first, 1_000), [])
    const fewer = audit(program(7, [...two.slice(1), ...one]))
    t.strictSame(marked(fewer, 2_000), each ? [] : [':443'], 'another number')
    const worse = one.map((socket) => ({
      ...socket,
      judged: { verdict: 'dying' as const, reason: off },
    }))
    const turned = audit(program(7, [...two.slice(1), ...worse]))
    t.strictSame(marked(turned, 3_000), each ? [':80'] : [':80', ':443'], 'another verdict')
    t.strictSame(marked(turned, 7_500), [':80'])
    t.strictSame(marked(turned, 8_000), [])
  }
  t.end()
})
