"""One address for the worker pools of several machines: each worker that is asked for starts on the next of them.

    python benchmarks/worker_pools.py PORT HOST:PORT HOST:PORT ...

The portable job service asks one pool for all of its workers, where a cluster has a pool beside each of its machines.
"""

from __future__ import annotations

import itertools
import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc


class Pools(beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolServicer):  # type: ignore[misc]
    """Hands on what is asked: to the next pool for a new worker, to its own for one that is to stop."""

    def __init__(self, addresses: list[str]) -> None:
        pools = [beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolStub(grpc.insecure_channel(one)) for one in addresses]
        self.next = itertools.cycle(pools)
        self.of: dict[str, beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolStub] = {}

    def StartWorker(
        self, request: beam_fn_api_pb2.StartWorkerRequest, context: grpc.ServicerContext
    ) -> beam_fn_api_pb2.StartWorkerResponse:
        self.of[request.worker_id] = next(self.next)
        return self.of[request.worker_id].StartWorker(request)

    def StopWorker(
        self, request: beam_fn_api_pb2.StopWorkerRequest, context: grpc.ServicerContext
    ) -> beam_fn_api_pb2.StopWorkerResponse:
        return self.of[request.worker_id].StopWorker(request)


def main() -> None:
    server = grpc.server(ThreadPoolExecutor(4))
    beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(Pools(sys.argv[2:]), server)
    server.add_insecure_port(f"127.0.0.1:{sys.argv[1]}")
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
