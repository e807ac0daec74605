"""late_client.py ADDRESS LINE: asks, and prints the answer or the error."""
import socket
import sys

connection = socket.create_connection((sys.argv[1], 7000))
connection.sendall(sys.argv[2].encode() + b"\n")
print("connected", flush=True)
try:
    print("answer:", connection.recv(100).decode())
except OSError as error:
    print(error)
