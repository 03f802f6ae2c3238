"""What the ports need of AWS and of file formats."""
