"""What the VM tests and the demo are made with: machines, systems, initrds and images."""
