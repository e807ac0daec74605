/** The container that a process is in, by its cgroup. */
export interface Container {
  /** As the runtime names it, cut as `docker ps` does. */
  readonly id: string
  readonly runtime: 'docker' | 'podman' | 'containerd' | 'cri-o' | null
  /** The UID of its pod in Kubernetes. */
  readonly podUid: string | null
}

const runtimes: readonly [pattern: RegExp, runtime: Container['runtime']][] = [
  [/cri-containerd-/, 'containerd'],
  [/crio-/, 'cri-o'],
  [/libpod-/, 'podman'],
  [/docker[-/]/, 'docker'],
]

/**
 * Reads /proc/PID/cgroup, cgroups(7); null where it names no container, as in a cgroup namespace of
 * its own, whose root is `/`. Pure.
 */
export function containerOf(cgroup: string): Container | null {
  for (const line of cgroup.split('\n')) {
    const path = line.split(':').slice(2).join(':')
    const id = /(?:^|[/-])([0-9a-f]{64})(?:\.scope)?(?:\/|$)/.exec(path)?.[1]
    if (id === undefined) continue
    const pod = /pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12})/.exec(path)?.[1]
    const runtime = runtimes.find(([pattern]) => pattern.test(path))?.[1] ?? null
    return { id: id.slice(0, 12), runtime, podUid: pod?.replaceAll('_', '-') ?? null }
  }
  return null
}
