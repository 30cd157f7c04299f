"""What an app can be read from: a compose file, or a folder with a Dockerfile and a Procfile."""
